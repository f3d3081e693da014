namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>
/// Fills the invisible pixels of each partly visible block with the mean of its visible ones. Wholly invisible blocks
/// stay black.
/// </summary>
/// <remarks>
/// Lossy colour is coded in blocks. A block at the subject's edge that is half black costs bits, and rings into its
/// visible half.
/// </remarks>
internal static class InvisibleColour
{
    /// <summary>Side of a macroblock, in pixels; its luma and (at half the resolution) its chroma are transformed
    /// independently of other blocks.</summary>
    private const int Side = 16;

    /// <summary>Changes the colours in place; alpha is unchanged.</summary>
    public static void Smooth(Photo photo) => Parallel.For(0, (photo.Height + Side - 1) / Side, band =>
    {
        var (top, bottom) = (band * Side, Math.Min(photo.Height, (band + 1) * Side));
        for (var left = 0; left < photo.Width; left += Side)
        {
            var width = Math.Min(Side, photo.Width - left);
            var (visible, r, g, b) = (0u, 0u, 0u, 0u);
            for (var y = top; y < bottom; y++)
                foreach (var pixel in photo.Row(y).Slice(left, width))
                {
                    if (pixel >> 24 == 0) continue;
                    visible++;
                    r += pixel & 255;
                    g += pixel >> 8 & 255;
                    b += pixel >> 16 & 255;
                }
            if (visible == 0 || visible == (bottom - top) * width) continue;
            var mean = r / visible | g / visible << 8 | b / visible << 16;
            for (var y = top; y < bottom; y++)
                foreach (ref var pixel in photo.Row(y).Slice(left, width))
                    if (pixel >> 24 == 0) pixel = mean;
        }
    });
}
