using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>
/// Guided filter with a colour guide (He, Sun, Tang, "Guided Image Filtering", TPAMI 2013): in each window the result is a linear
/// function of the guide's colour, so it has edges where the photo has them. The work is the same for every radius.
/// </summary>
internal sealed class GuidedFilter : IDisposable
{
    private readonly ColourPlane _guide, _mean, _inverse, _inverseRest;
    private readonly ColourPlanes _planes;
    private readonly int _width, _height, _radius;

    /// <param name="guide">R, G, B from 0 to 1; the fourth element is not read. Must stay as it is while the filter is used.</param>
    /// <param name="epsilon">Variance (of values from 0 to 1) below which a window counts as flat.</param>
    /// <param name="planes">Give the size, and the room to work.</param>
    public GuidedFilter(ColourPlane guide, ColourPlanes planes, int radius, float epsilon)
    {
        var (width, height) = (planes.Width, planes.Height);
        (_guide, _planes, _width, _height, _radius) = (guide, planes, width, height, radius);
        (_mean, _inverse, _inverseRest) = (planes.Rent(), planes.Rent(), planes.Rent());
        // Sums of r g b 1, of rr rg rb gg and of gb bb: one box each, and the fourth lane of the first is the window's size.
        Parallel.For(0, height, y =>
        {
            for (var i = y * width; i < (y + 1) * width; i++)
            {
                var c = guide[i];
                _mean[i] = c.WithElement(3, 1f);
                _inverse[i] = Vector128.Shuffle(c, Vector128.Create(0, 0, 0, 1)) * Vector128.Shuffle(c, Vector128.Create(0, 1, 2, 1));
                _inverseRest[i] = Vector128.Shuffle(c, Vector128.Create(1, 2, 3, 3)) * Vector128.Shuffle(c, Vector128.Create(2, 2, 3, 3));
            }
        });
        BoxBlur.Run(_mean, planes, radius);
        BoxBlur.Run(_inverse, planes, radius);
        BoxBlur.Run(_inverseRest, planes, radius);
        Parallel.For(0, height, y =>
        {
            for (var i = y * width; i < (y + 1) * width; i++) Invert(i, epsilon);
        });
    }

    /// <summary>The filter's linear functions, averaged over the windows: result = r·[0] + g·[1] + b·[2] + [3].</summary>
    /// <param name="input">Plane to be filtered.</param>
    /// <param name="result">Receives one function a sample.</param>
    public void Functions(float[] input, ColourPlane result)
    {
        Parallel.For(0, _height, y =>
        {
            for (var i = y * _width; i < (y + 1) * _width; i++) result[i] = _guide[i].WithElement(3, 1f) * input[i];
        });
        BoxBlur.Run(result, _planes, _radius);
        Parallel.For(0, _height, y =>
        {
            for (var i = y * _width; i < (y + 1) * _width; i++) result[i] = Solve(i, result[i]);
        });
        BoxBlur.Run(result, _planes, _radius);
        Parallel.For(0, _height, y =>
        {
            for (var i = y * _width; i < (y + 1) * _width; i++) result[i] /= _mean[i][3];
        });
    }

    /// <summary>Filters in place; the result is clamped to [0, 1].</summary>
    public void Run(float[] plane)
    {
        using var functions = _planes.Rent();
        Functions(plane, functions);
        Parallel.For(0, _height, y =>
        {
            for (var i = y * _width; i < (y + 1) * _width; i++) plane[i] = Math.Clamp(Vector128.Dot(functions[i], _guide[i].WithElement(3, 1f)), 0, 1);
        });
    }

    public void Dispose()
    {
        _mean.Dispose();
        _inverse.Dispose();
        _inverseRest.Dispose();
    }

    /// <summary>The inverse of the window's 3 × 3 covariance, by cofactors.</summary>
    private void Invert(int i, float epsilon)
    {
        var n = _mean[i][3];
        var mean = _mean[i] / n;
        Vector128<float> products = _inverse[i] / n, rest = _inverseRest[i] / n;
        float rr = products[0] - mean[0] * mean[0] + epsilon, rg = products[1] - mean[0] * mean[1], rb = products[2] - mean[0] * mean[2];
        float gg = products[3] - mean[1] * mean[1] + epsilon, gb = rest[0] - mean[1] * mean[2], bb = rest[1] - mean[2] * mean[2] + epsilon;
        float c00 = gg * bb - gb * gb, c01 = rb * gb - rg * bb, c02 = rg * gb - rb * gg;
        var determinant = 1 / (rr * c00 + rg * c01 + rb * c02);
        _mean[i] = mean.WithElement(3, n);
        _inverse[i] = Vector128.Create(c00, c01, c02, rr * bb - rb * rb) * determinant;
        _inverseRest[i] = Vector128.Create(rg * rb - rr * gb, rr * gg - rg * rg, 0, 0) * determinant;
    }

    /// <param name="sums">Of r·p, g·p, b·p and p over the window.</param>
    private Vector128<float> Solve(int i, Vector128<float> sums)
    {
        var mean = _mean[i];
        var means = sums / mean[3];
        var covariance = means - mean * means[3];
        Vector128<float> inverse = _inverse[i], rest = _inverseRest[i];
        var slope = Vector128.Create(inverse[0], inverse[1], inverse[2], 0) * covariance[0]
            + Vector128.Create(inverse[1], inverse[3], rest[0], 0) * covariance[1]
            + Vector128.Create(inverse[2], rest[0], rest[1], 0) * covariance[2];
        return slope.WithElement(3, means[3] - Vector128.Dot(slope, mean.WithElement(3, 0)));
    }
}
