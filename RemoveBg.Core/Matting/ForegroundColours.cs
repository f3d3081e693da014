using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Matting;

/// <summary>
/// What colour the subject and the old background have around each place, by blur fusion (Forte, "Approximate Fast
/// Foreground Colour Estimation", ICIP 2021): colours blurred with alpha as weight, first over a wide, then over a
/// narrow window. Both are smooth, so they are worked out on the <see cref="Grid"/> and read between its points.
/// </summary>
internal sealed class ForegroundColours : IDisposable
{
    /// <summary>The paper's radii, 90 and 6 pixels for photos of about 1,500 pixels, as
    /// shares of the longest side.</summary>
    private const float WideRadius = 0.06f, NarrowRadius = 0.004f;

    private readonly Grid _grid;
    private readonly FloatPlane _foreground, _background;

    private ForegroundColours(Grid grid)
    {
        _grid = grid;
        _foreground = grid.Planes.Rent();
        _background = grid.Planes.Rent();
    }

    /// <param name="alpha">At the grid's points, 0 to 1.</param>
    public static ForegroundColours Run(Grid grid, ReadOnlySpan<float> alpha)
    {
        var colours = new ForegroundColours(grid);
        colours.Estimate(alpha);
        return colours;
    }

    /// <summary>The subject's colour at a pixel of the photo: what is left when the
    /// background's share is taken out of it.</summary>
    /// <param name="pixel">Its R, G, B from 0 to 255.</param>
    /// <param name="alpha">Its alpha from 0 to 1.</param>
    public Vector128<float> At(int x, int y, Vector128<float> pixel, float alpha)
    {
        var ((top, fy), across) = (_grid.Down(y), _grid.Across(x));
        var left = (int)across;
        var fx = across - left;
        int a = top * _grid.Width + left, b = left + 1 < _grid.Width ? a + 1 : a,
            down = top + 1 < _grid.Height ? _grid.Width : 0;
        var foreground = Between(_foreground);
        var background = Between(_background);
        var estimate = foreground + (pixel - foreground * alpha - background * (1 - alpha)) * alpha;
        return Vector128.Min(Vector128.Max(estimate, Vector128<float>.Zero), Vector128.Create(255f));

        Vector128<float> Between(FloatPlane grid) =>
            (grid[a] * (1 - fx) + grid[b] * fx) * (1 - fy) + (grid[a + down] * (1 - fx) + grid[b + down] * fx) * fy;
    }

    public void Dispose()
    {
        _foreground.Dispose();
        _background.Dispose();
    }

    private void Estimate(ReadOnlySpan<float> alpha)
    {
        var (count, longest) = (_grid.Count, Math.Max(_grid.Width, _grid.Height));
        int wide = Math.Max(1, (int)(WideRadius * longest)), narrow = Math.Max(1, (int)(NarrowRadius * longest));
        using FloatPlane image = _grid.Planes.Rent(), first = _grid.Planes.Rent();
        for (var i = 0; i < count; i++) image[i] = _grid.Colours[i] * 255f;

        // 1. Wide: both from the photo itself.
        Blur(image, image, alpha, background: false, wide, _foreground);
        Blur(image, image, alpha, background: true, wide, _background);
        // 2. Narrow: the foreground from the first estimate, so that the old background's share is out of it.
        for (var i = 0; i < count; i++)
        {
            var estimate =
                _foreground[i] + (image[i] - _foreground[i] * alpha[i] - _background[i] * (1 - alpha[i])) * alpha[i];
            first[i] = Vector128.Min(Vector128.Max(estimate, Vector128<float>.Zero), Vector128.Create(255f));
        }
        Blur(first, _foreground, alpha, background: false, narrow, _foreground);
        _background.AsSpan().CopyTo(first.AsSpan());
        Blur(first, _background, alpha, background: true, narrow, _background);
    }

    /// <summary>Weighted mean of the window; where nothing weighs anything, what was known before.</summary>
    private void Blur(FloatPlane colours, FloatPlane otherwise, ReadOnlySpan<float> alpha, bool background, int radius,
        FloatPlane result)
    {
        var count = _grid.Count;
        using var weighted = _grid.Planes.Rent();
        for (var i = 0; i < count; i++)
        {
            var weight = background ? 1 - alpha[i] : alpha[i];
            weighted[i] = (colours[i] * weight).WithElement(3, weight);
        }
        BoxBlur.Run(weighted, _grid.Planes, radius);
        for (var i = 0; i < count; i++)
        {
            var weight = weighted[i][3];
            result[i] = weight > 1e-3f ? weighted[i] / weight : otherwise[i];
        }
    }
}
