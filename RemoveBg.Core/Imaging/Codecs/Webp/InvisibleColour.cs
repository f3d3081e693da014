namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>
/// Lossy colour is coded in blocks: a block at the subject's border, half of it black because it is invisible,
/// costs bits and rings into what is seen. The invisible pixels of such a block get the mean of the visible
/// ones; where nothing is visible all stays black.
/// </summary>
internal static class InvisibleColour
{
    /// <summary>Pixels a side of a block with a transform of its own for both luma and (at
    /// half the resolution) chroma.</summary>
    private const int Side = 16;

    /// <summary>In place; alpha stays as it is.</summary>
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
