using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Matting;

/// <summary>Applies the matte and the foreground colours to the photo, in place.</summary>
internal static class Compose
{
    /// <summary>Alpha, 0 to 255, from which on a pixel belongs to a subject.</summary>
    private const uint Subject = 128;

    /// <summary>Keeps the subject: sets alpha to matte × input alpha, and the colour of soft edges to the subject's
    /// own. Or keeps the background, likewise.</summary>
    /// <remarks>Colour is zero where alpha is zero, so that what was removed cannot be recovered from the
    /// file.</remarks>
    /// <returns>Whether the photo has a subject.</returns>
    public static bool Run(Photo photo, Matte matte, ForegroundColours colours, bool keepsBackground = false)
    {
        var found = false;
        Parallel.For(0, photo.Height, () => new byte[photo.Width], (y, _, covers) =>
        {
            var pixels = photo.Row(y);
            matte.Row(y, pixels, covers);
            uint most = 0;
            for (var x = 0; x < pixels.Length; x++)
            {
                uint cover = covers[x], inputAlpha = pixels[x] >> 24;
                most = Math.Max(most, cover * inputAlpha);
                var alpha = ((keepsBackground ? 255 - cover : cover) * inputAlpha + 127) / 255;
                if (alpha == 0) pixels[x] = 0;
                else if (cover is 0 or 255) pixels[x] = (pixels[x] & 0xFFFFFF) | (alpha << 24);
                else
                {
                    var (pixel, share) = (Resample.ToFloats(pixels[x]), cover / 255f);
                    var colour = colours.At(x, y, pixel, share);
                    if (keepsBackground) colour = Rest(pixel, colour, share);
                    var bytes = Vector128.ConvertToInt32(colour + Vector128.Create(0.5f));
                    pixels[x] = (uint)bytes[0] | ((uint)bytes[1] << 8) | ((uint)bytes[2] << 16) | (alpha << 24);
                }
            }
            if ((most + 127) / 255 >= Subject) Volatile.Write(ref found, true);
            return covers;
        }, _ => { });
        photo.IsOpaque = false;
        return found;
    }

    /// <summary>Solves pixel = subject × share + background × (1 - share) for the background.</summary>
    private static Vector128<float> Rest(Vector128<float> pixel, Vector128<float> subject, float share) =>
        Vector128.Min(Vector128.Max((pixel - subject * share) / (1 - share), Vector128<float>.Zero),
            Vector128.Create(255f));
}
