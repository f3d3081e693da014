using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Matting;

/// <summary>
/// Estimates the colours of the subject and the old background by blur fusion (Forte, "Approximate Fast Foreground
/// Colour Estimation", ICIP 2021): blurs the photo's colours weighted by alpha, first over a wide window, then over a
/// narrow one.
/// </summary>
/// <remarks>
/// Both are smooth, so they are computed on the <see cref="Grid"/> and interpolated between its points.
/// </remarks>
internal sealed class ForegroundColours : IDisposable
{
    /// <summary>The paper's radii (90 and 6 pixels for photos of about 1,500 pixels) as shares of the longest
    /// side.</summary>
    private const float WideRadius = 0.06f, NarrowRadius = 0.004f;

    private readonly Grid _grid;
    private readonly FloatPlane _foreground, _background;

    private ForegroundColours(Grid grid)
    {
        _grid = grid;
        _foreground = grid.Planes.Rent();
        _background = grid.Planes.Rent();
    }

    /// <summary>Estimates the colours.</summary>
    /// <param name="alpha">Alpha at the grid's points, from 0 to 1.</param>
    public static ForegroundColours Run(Grid grid, ReadOnlySpan<float> alpha)
    {
        var colours = new ForegroundColours(grid);
        colours.Estimate(alpha);
        return colours;
    }

    /// <summary>Returns the subject's colour at a pixel of the photo, with the background's share removed.</summary>
    /// <param name="pixel">The pixel's R, G, B from 0 to 255.</param>
    /// <param name="alpha">The pixel's alpha from 0 to 1.</param>
    public Vector128<float> At(int x, int y, Vector128<float> pixel, float alpha)
    {
        var ((top, fy), across) = (_grid.Down(y), _grid.Across(x));
        var left = (int)across;
        var fx = across - left;
        int a = top * _grid.Width + left, b = left + 1 < _grid.Width ? a + 1 : a,
            down = top + 1 < _grid.Height ? _grid.Width : 0;
        var foreground = Interpolate(_foreground);
        var background = Interpolate(_background);
        var estimate = foreground + (pixel - foreground * alpha - background * (1 - alpha)) * alpha;
        return Vector128.Min(Vector128.Max(estimate, Vector128<float>.Zero), Vector128.Create(255f));

        Vector128<float> Interpolate(FloatPlane grid) =>
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

        // 1. Wide window: estimate both from the photo itself.
        Blur(image, image, alpha, background: false, wide, _foreground);
        Blur(image, image, alpha, background: true, wide, _background);
        // 2. Narrow window: estimate the foreground from the first estimate, without the old background's share.
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

    /// <summary>Computes the weighted mean of each window; where the weights are all zero, takes
    /// <paramref name="fallback"/>.</summary>
    private void Blur(FloatPlane colours, FloatPlane fallback, ReadOnlySpan<float> alpha, bool background, int radius,
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
            result[i] = weight > 1e-3f ? weighted[i] / weight : fallback[i];
        }
    }
}
