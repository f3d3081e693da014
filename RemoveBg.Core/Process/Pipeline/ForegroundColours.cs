using System.Buffers;
using System.Runtime.Intrinsics;
using RemoveBg.Core.Process.Model;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>
/// What colour the subject and the old background have around each place, by blur fusion (Forte, "Approximate Fast
/// Foreground Colour Estimation", ICIP 2021): colours blurred with alpha as weight, first over a wide, then over a narrow
/// window. Both are smooth, so they are worked out on a small grid and read between its points.
/// </summary>
internal sealed class ForegroundColours : IDisposable
{
    /// <summary>Longest side of the grid in points.</summary>
    private const int LongestSide = 768;

    /// <summary>The paper's radii, 90 and 6 pixels for photos of about 1,500 pixels, at the grid's scale.</summary>
    private const int WideRadius = 45, NarrowRadius = 3;

    private readonly Vector128<float>[] _foreground, _background;
    private readonly float _scaleX, _scaleY;
    private readonly int _width, _height;

    private ForegroundColours(int width, int height, float scaleX, float scaleY)
    {
        (_width, _height, _scaleX, _scaleY) = (width, height, scaleX, scaleY);
        _foreground = ArrayPool<Vector128<float>>.Shared.Rent(width * height);
        _background = ArrayPool<Vector128<float>>.Shared.Rent(width * height);
    }

    public static ForegroundColours Run(Photo photo, Tensors tensors)
    {
        var shrink = Math.Max(1.0, Math.Max(photo.Width, photo.Height) / (double)LongestSide);
        int width = Math.Max(1, (int)(photo.Width / shrink)), height = Math.Max(1, (int)(photo.Height / shrink));
        var colours = new ForegroundColours(width, height, (float)width / photo.Width, (float)height / photo.Height);
        colours.Estimate(photo, tensors);
        return colours;
    }

    /// <summary>The subject's colour at a pixel of the photo: what is left when the background's share is taken out of it.</summary>
    /// <param name="pixel">Its R, G, B from 0 to 255.</param>
    /// <param name="alpha">Its alpha from 0 to 1.</param>
    public Vector128<float> At(int x, int y, Vector128<float> pixel, float alpha)
    {
        // Grid point to the upper left, and how far it is to the next.
        float gx = Math.Clamp((x + 0.5f) * _scaleX - 0.5f, 0, _width - 1), gy = Math.Clamp((y + 0.5f) * _scaleY - 0.5f, 0, _height - 1);
        int left = (int)gx, top = (int)gy;
        float fx = gx - left, fy = gy - top;
        int a = top * _width + left, b = left + 1 < _width ? a + 1 : a, down = top + 1 < _height ? _width : 0;
        var foreground = Between(_foreground);
        var background = Between(_background);
        var estimate = foreground + (pixel - foreground * alpha - background * (1 - alpha)) * alpha;
        return Vector128.Min(Vector128.Max(estimate, Vector128<float>.Zero), Vector128.Create(255f));

        Vector128<float> Between(Vector128<float>[] grid) =>
            (grid[a] * (1 - fx) + grid[b] * fx) * (1 - fy) + (grid[a + down] * (1 - fx) + grid[b + down] * fx) * fy;
    }

    public void Dispose()
    {
        ArrayPool<Vector128<float>>.Shared.Return(_foreground);
        ArrayPool<Vector128<float>>.Shared.Return(_background);
    }

    private unsafe void Estimate(Photo photo, Tensors tensors)
    {
        var count = _width * _height;
        var pool = ArrayPool<Vector128<float>>.Shared;
        Vector128<float>[] image = pool.Rent(count), weighted = pool.Rent(count), scratch = pool.Rent(count);
        var alpha = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            Resample.Colours(photo, image, _width, _height);
            fixed (byte* target = alpha) Resample.Plane(tensors.Output, tensors.Size, tensors.Size, target, _width, _height);
            for (var i = 0; i < count; i++)
                if (!photo.IsOpaque && image[i][3] > 0) image[i] = image[i] * (255f / image[i][3]);

            // 1. Wide: both from the photo itself.
            Blur(image, image, background: false, WideRadius, _foreground);
            Blur(image, image, background: true, WideRadius, _background);
            // 2. Narrow: the foreground from the first estimate, so that the old background's share is out of it.
            for (var i = 0; i < count; i++)
            {
                var a = alpha[i] / 255f;
                var first = _foreground[i] + (image[i] - _foreground[i] * a - _background[i] * (1 - a)) * a;
                scratch[i] = Vector128.Min(Vector128.Max(first, Vector128<float>.Zero), Vector128.Create(255f));
            }
            Blur(scratch, _foreground, background: false, NarrowRadius, _foreground);
            Array.Copy(_background, scratch, count);
            Blur(scratch, _background, background: true, NarrowRadius, _background);
        }
        finally
        {
            pool.Return(image);
            pool.Return(weighted);
            pool.Return(scratch);
            ArrayPool<byte>.Shared.Return(alpha);
        }

        // Weighted mean of the window; where nothing weighs anything, what was known before.
        void Blur(Vector128<float>[] colours, Vector128<float>[] otherwise, bool background, int radius, Vector128<float>[] result)
        {
            for (var i = 0; i < count; i++)
            {
                var weight = background ? 1 - alpha[i] / 255f : alpha[i] / 255f;
                weighted[i] = (colours[i] * weight).WithElement(3, weight);
            }
            BoxBlur.Run(weighted, _width, _height, radius);
            for (var i = 0; i < count; i++)
            {
                var weight = weighted[i][3];
                result[i] = weight > 1e-3f ? weighted[i] / weight : otherwise[i];
            }
        }
    }
}
