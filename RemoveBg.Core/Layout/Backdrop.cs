using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Layout;

/// <summary>What lies behind the cut-out: a shadow, a colour or a picture, put in from the front to the back.</summary>
internal static class Backdrop
{
    public static void Colour(Photo picture, uint colour) =>
        Parallel.For(0, picture.Height, y =>
        {
            foreach (ref var pixel in picture.Row(y))
                pixel = Over(pixel, Resample.ToFloats(colour), (colour >> 24) / 255f);
        });

    /// <summary>A picture that fills the whole result, its middle in the middle; what does not fit is left
    /// out, as with CSS's <c>cover</c>.</summary>
    public static void Picture(Photo picture, Photo behind)
    {
        var scale = Math.Max((double)picture.Width / behind.Width, (double)picture.Height / behind.Height);
        double left = (behind.Width - picture.Width / scale) / 2, top = (behind.Height - picture.Height / scale) / 2;
        Resample.Window(behind, left, top, scale, picture.Width, picture.Height, (y, row) =>
        {
            var pixels = picture.Row(y);
            for (var x = 0; x < pixels.Length; x++)
            {
                var alpha = row[x][3] / 255;
                pixels[x] = Over(pixels[x], alpha > 0 ? row[x] / alpha : row[x], alpha);
            }
        });
    }

    /// <summary>One pixel before a colour (Porter and Duff 1984, "over"), both straight.</summary>
    /// <param name="behind">R, G, B from 0 to 255; the fourth is not looked at.</param>
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
