using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Matting;

/// <summary>Applies the matte and the foreground colours to the photo, in place.</summary>
internal static class Compose
{
    /// <summary>Sets alpha to matte × input alpha, and the colour of soft edges to the subject's own.</summary>
    /// <remarks>Colour is zero where alpha is zero, so that the removed background cannot be recovered from the
    /// file.</remarks>
    public static void Run(Photo photo, Matte matte, ForegroundColours colours) =>
        Parallel.For(0, photo.Height, () => new byte[photo.Width], (y, _, covers) =>
    {
        var pixels = photo.Row(y);
        matte.Row(y, pixels, covers);
        for (var x = 0; x < pixels.Length; x++)
        {
            var cover = covers[x];
            var inputAlpha = pixels[x] >> 24;
            var alpha = (cover * inputAlpha + 127) / 255;
            if (alpha == 0) pixels[x] = 0;
            else if (cover == 255) pixels[x] = (pixels[x] & 0xFFFFFF) | (alpha << 24);
            else
            {
                var colour = Vector128.ConvertToInt32(colours.At(x, y, Resample.ToFloats(pixels[x]), cover / 255f)
                    + Vector128.Create(0.5f));
                pixels[x] = (uint)colour[0] | ((uint)colour[1] << 8) | ((uint)colour[2] << 16) | (alpha << 24);
            }
        }
        return covers;
    }, _ => { });
}
