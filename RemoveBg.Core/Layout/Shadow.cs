using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;
using SkiaSharp;

namespace RemoveBg.Core.Layout;

/// <summary>Draws a soft shadow below the subject, as if light came from above and in front.</summary>
internal static class Shadow
{
    /// <summary>Longest side of the downscaled alpha, in pixels. The shadow is soft, so no difference is
    /// visible.</summary>
    private const int SmallSide = 512;

    /// <summary>Offset and blur radius, as shares of the subject's longer side.</summary>
    private const double Drop = 0.03, Blur = 0.025;

    private const float Opacity = 0.45f;

    /// <param name="image">The cut-out.</param>
    /// <param name="opacity">From 0 to 1; 1 is the usual shadow.</param>
    public static void Run(Photo image, float opacity = 1)
    {
        if (Box.Around(image) is not { } subject) return;
        var extent = Math.Max(subject.Width, subject.Height);
        var shrink = Math.Max(1d, Math.Max(image.Width, image.Height) / (double)SmallSide);
        using var small = SmallAlpha(image, shrink);
        using var soft = Blurred(small, (float)(extent * Blur / shrink));
        Lay(image, soft, shrink, extent * Drop, opacity * Opacity);
    }

    private static unsafe SKBitmap SmallAlpha(Photo image, double shrink)
    {
        var small = new SKBitmap(new((int)Math.Ceiling(image.Width / shrink),
            (int)Math.Ceiling(image.Height / shrink), SKColorType.Alpha8, SKAlphaType.Premul));
        var pixels = (byte*)small.GetPixels();
        var (stride, width) = (small.RowBytes, small.Width);
        Resample.Window(image, 0, 0, 1 / shrink, small.Width, small.Height, (y, row) =>
        {
            for (var x = 0; x < width; x++) pixels[(long)y * stride + x] = (byte)(row[x][3] + 0.5f);
        });
        return small;
    }

    private static SKBitmap Blurred(SKBitmap alpha, float sigma)
    {
        var soft = new SKBitmap(alpha.Info);
        soft.Erase(SKColor.Empty);
        using var canvas = new SKCanvas(soft);
        using var blur = SKImageFilter.CreateBlur(sigma, sigma);
        using var paint = new SKPaint { ImageFilter = blur };
        canvas.DrawBitmap(alpha, 0, 0, SKSamplingOptions.Default, paint);
        return soft;
    }

    private static unsafe void Lay(Photo image, SKBitmap soft, double shrink, double drop, float opacity)
    {
        var pixels = (byte*)soft.GetPixels();
        var (stride, width, height) = (soft.RowBytes, soft.Width, soft.Height);
        Parallel.For(0, image.Height, y =>
        {
            var row = image.Row(y);
            var v = (y + 0.5 - drop) / shrink - 0.5;
            for (var x = 0; x < row.Length; x++)
            {
                var shade = At((x + 0.5) / shrink - 0.5, v);
                if (shade > 0) row[x] = Backdrop.Over(row[x], Vector128<float>.Zero, shade * opacity);
            }
        });

        // Bilinear; zero outside.
        float At(double u, double v)
        {
            int x = (int)Math.Floor(u), y = (int)Math.Floor(v);
            float fx = (float)(u - x), fy = (float)(v - y);
            return ((Value(x, y) * (1 - fx) + Value(x + 1, y) * fx) * (1 - fy)
                + (Value(x, y + 1) * (1 - fx) + Value(x + 1, y + 1) * fx) * fy) / 255;
        }

        float Value(int x, int y) => (uint)x < (uint)width && (uint)y < (uint)height ? pixels[(long)y * stride + x] : 0;
    }
}
