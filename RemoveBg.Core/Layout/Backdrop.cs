using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Layout;

/// <summary>Draws behind the cut-out, from front to back: a colour or an image.</summary>
internal static class Backdrop
{
    public static void Colour(Photo image, uint colour) =>
        Parallel.For(0, image.Height, y =>
        {
            foreach (ref var pixel in image.Row(y))
                pixel = Over(pixel, Resample.ToFloats(colour), (colour >> 24) / 255f);
        });

    /// <summary>Draws an image behind, centred and scaled to cover the result, like CSS's <c>cover</c>.</summary>
    public static void Image(Photo image, Photo behind) =>
        Image(image, behind, new(0, 0, behind.Width, behind.Height));

    /// <summary>Draws part of an image behind, centred and scaled to cover the result.</summary>
    /// <param name="image">The result.</param>
    /// <param name="behind">The image.</param>
    /// <param name="part">The part, in pixels of <paramref name="behind"/>.</param>
    public static void Image(Photo image, Photo behind, Window part)
    {
        var scale = Math.Max(image.Width / part.Width, image.Height / part.Height);
        double left = part.Left + (part.Width - image.Width / scale) / 2,
            top = part.Top + (part.Height - image.Height / scale) / 2;
        Resample.Window(behind, left, top, scale, image.Width, image.Height, (y, row) =>
        {
            var pixels = image.Row(y);
            for (var x = 0; x < pixels.Length; x++)
            {
                var alpha = row[x][3] / 255;
                pixels[x] = Over(pixels[x], alpha > 0 ? row[x] / alpha : row[x], alpha);
            }
        });
    }

    /// <summary>Composites a pixel over a colour (Porter and Duff 1984, "over"); both have straight alpha.</summary>
    /// <param name="pixel">R in the lowest byte, A in the highest.</param>
    /// <param name="behind">R, G, B from 0 to 255; the fourth value is ignored.</param>
    /// <param name="behindAlpha">Alpha of <paramref name="behind"/>, 0 to 1.</param>
    internal static uint Over(uint pixel, Vector128<float> behind, float behindAlpha)
    {
        var front = (pixel >> 24) / 255f;
        if (front >= 1 || behindAlpha <= 0) return pixel;
        var back = behindAlpha * (1 - front);
        var alpha = front + back;
        var colour = Vector128.ConvertToInt32(Vector128.Min((Resample.ToFloats(pixel) * front + behind * back) / alpha
            + Vector128.Create(0.5f), Vector128.Create(255f)));
        var opacity = (uint)(alpha * 255 + 0.5f);
        return opacity == 0 ? 0 : (uint)colour[0] | ((uint)colour[1] << 8) | ((uint)colour[2] << 16) | (opacity << 24);
    }
}
