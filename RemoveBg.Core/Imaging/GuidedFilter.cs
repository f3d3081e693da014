using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Imaging;

/// <summary>
/// Guided filter with a colour guide (He, Sun, Tang, "Guided Image Filtering", TPAMI 2013): in each window the result
/// is a linear function of the guide's colour, so it has edges where the photo has them.
/// </summary>
/// <remarks>
/// The cost does not depend on the radius. Rows stream through windows that stay in the cache, in one band per core.
/// </remarks>
internal sealed class GuidedFilter : IDisposable
{
    private readonly FloatPlane _guide;

    /// <summary>Mean colour of each window; the fourth element is 1 / the window's size.</summary>
    private readonly FloatPlane _mean;

    /// <summary>Rows of the inverse of each window's covariance; the fourth element is unused.</summary>
    private readonly FloatPlane _inverseR, _inverseG, _inverseB;

    private readonly Band[] _bands;
    private readonly int _width, _height, _radius;

    /// <param name="guide">R, G, B from 0 to 1; the fourth element is not read. Must not change while the filter is
    /// used.</param>
    /// <param name="planes">Pool of planes of the guide's size.</param>
    /// <param name="radius">Radius of the square windows, in samples.</param>
    /// <param name="epsilon">Variance (of values from 0 to 1) below which a window counts as flat.</param>
    public GuidedFilter(FloatPlane guide, FloatPlanes planes, int radius, float epsilon)
    {
        (_guide, _width, _height, _radius) = (guide, planes.Width, planes.Height, radius);
        (_mean, _inverseR, _inverseG, _inverseB) = (planes.Rent(), planes.Rent(), planes.Rent(), planes.Rent());
        // A band also reads rows of its neighbours, so a band of few rows does not pay.
        _bands = [.. Enumerable.Range(0, Math.Clamp(_height / (8 * radius), 1, Environment.ProcessorCount))
            .Select(_ => new Band(_width, radius))];
        Parallel.For(0, _bands.Length, i => Prepare(_bands[i], FirstRow(i), FirstRow(i + 1), epsilon));
    }

    /// <summary>Computes the filter's linear functions, averaged over the windows: r·[0] + g·[1] + b·[2] + [3] is the
    /// filtered value.</summary>
    public void Functions(PlaneChannel input, FloatPlane result) => Stream(
        input,
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (start, sums) =>
        {
            for (var x = 0; x < sums.Length; x++) result[start + x] = sums[x] * _mean[start + x][3];
        });

    /// <summary>Filters a plane.</summary>
    /// <param name="input">Plane to filter.</param>
    /// <param name="result">Receives the filtered values, clamped to [0, 1]; must not be
    /// <paramref name="input"/>.</param>
    public void Run(PlaneChannel input, PlaneChannel result) => Stream(
        input,
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (start, sums) =>
        {
            var target = result.Span.Slice(start, sums.Length);
            for (var x = 0; x < sums.Length; x++)
                target[x] = Math.Clamp(Vector128.Dot(sums[x], WithOne(_guide[start + x])) * _mean[start + x][3], 0, 1);
        });

    /// <summary>Multiplies a plane by the matting Laplacian (Levin, Lischinski, Weiss, "A Closed-Form Solution to
    /// Natural Image Matting", TPAMI 2008).</summary>
    /// <remarks>The product is the plane minus the filtered plane, times the window's size (He, Sun, Tang, "Fast
    /// Matting Using Large Kernel Matting Laplacian Matrices", CVPR 2010).</remarks>
    /// <param name="input">Plane to multiply.</param>
    /// <param name="result">Receives the product; must not be <paramref name="input"/>.</param>
    public void Laplacian(PlaneChannel input, PlaneChannel result) => Stream(
        input,
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (start, sums) =>
        {
            Span<float> source = input.Span.Slice(start, sums.Length), target = result.Span.Slice(start, sums.Length);
            for (var x = 0; x < sums.Length; x++)
                target[x] = source[x] / _mean[start + x][3] - Vector128.Dot(sums[x], WithOne(_guide[start + x]));
        });

    /// <summary>Writes the number of samples in the window around each sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void WindowSizes(Span<float> result)
    {
        for (var i = 0; i < result.Length; i++) result[i] = 1 / _mean[i][3];
    }

    public void Dispose()
    {
        foreach (var plane in new[] { _mean, _inverseR, _inverseG, _inverseB }) plane.Dispose();
        foreach (var band in _bands) band.Dispose();
    }

    private static Vector128<float> WithOne(Vector128<float> colour) => colour.WithElement(3, 1f);

    private int FirstRow(int band) => (int)((long)_height * band / _bands.Length);

    /// <summary>Computes means and inverse covariances of the windows around the rows of a band.</summary>
    private void Prepare(Band band, int from, int to, float epsilon)
    {
        for (var row = from - _radius; row < to + _radius; row++)
        {
            var colours = RowOf(_guide, row);
            for (var weight = 0; weight < 4; weight++) band.Windows[weight].Push(Products(colours, weight, band.Row));
            if (row - _radius >= from) Invert(row - _radius, band.Windows, epsilon);
        }
    }

    /// <summary>Multiplies (r, g, b, 0) of each sample by r, g or b; for weight 3, returns (r, g, b, 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ReadOnlySpan<Vector128<float>> Products(ReadOnlySpan<Vector128<float>> colours, int weight,
        Vector128<float>[] scratch)
    {
        if (weight == 3) for (var x = 0; x < colours.Length; x++) scratch[x] = WithOne(colours[x]);
        else for (var x = 0; x < colours.Length; x++) scratch[x] = colours[x].WithElement(3, 0f) * colours[x][weight];
        return scratch.AsSpan(0, colours.Length);
    }

    /// <summary>Inverts the 3 × 3 covariances of a row's windows.</summary>
    /// <remarks>Each row of a symmetric matrix's inverse is the cross product of the other two rows over the
    /// determinant.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Invert(int row, RowWindow[] windows, float epsilon)
    {
        ReadOnlySpan<Vector128<float>> sumsR = windows[0].Sums, sumsG = windows[1].Sums, sumsB = windows[2].Sums,
            sums = windows[3].Sums;
        var start = row * _width;
        for (var x = 0; x < sums.Length; x++)
        {
            var share = Vector128.Create(1 / sums[x][3]);
            var mean = sums[x] * share;
            var colour = mean.WithElement(3, 0f);
            var r = sumsR[x] * share - colour * mean[0] + Vector128.Create(epsilon, 0, 0, 0);
            var g = sumsG[x] * share - colour * mean[1] + Vector128.Create(0, epsilon, 0, 0);
            var b = sumsB[x] * share - colour * mean[2] + Vector128.Create(0, 0, epsilon, 0);
            var gb = Cross(g, b);
            var scale = Vector128.Create(1 / Vector128.Dot(r, gb));
            _mean[start + x] = mean.WithElement(3, share[0]);
            _inverseR[start + x] = gb * scale;
            _inverseG[start + x] = Cross(b, r) * scale;
            _inverseB[start + x] = Cross(r, g) * scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Cross(Vector128<float> a, Vector128<float> b)
    {
        Vector128<int> yzx = Vector128.Create(1, 2, 0, 3);
        return Vector128.Shuffle(a * Vector128.Shuffle(b, yzx) - Vector128.Shuffle(a, yzx) * b, yzx);
    }

    private delegate void RowDone(int start, ReadOnlySpan<Vector128<float>> sums);

    /// <summary>Calls <paramref name="done"/> for each row, with the index of its first sample and the functions summed
    /// over its windows.</summary>
    private void Stream(PlaneChannel input, RowDone done) => Parallel.For(0, _bands.Length, i =>
    {
        var (from, to) = (FirstRow(i), FirstRow(i + 1));
        var (values, functions, row) = (_bands[i].Windows[0], _bands[i].Windows[1], _bands[i].Row);
        values.Clear();
        functions.Clear();
        for (var enters = from - 2 * _radius; enters < to + 2 * _radius; enters++)
        {
            // A row enters the first window, r rows later its functions enter the second, and another r rows later
            // their sum is complete.
            values.Push(Weighted(enters, input, row));
            var solved = enters - _radius;
            if (solved >= from - _radius) functions.Push(SolveRow(solved, values.Sums, row));
            if (solved - _radius >= from) done((solved - _radius) * _width, functions.Sums);
        }
    });

    /// <summary>Computes r·p, g·p, b·p and p of a row; empty for a row outside the plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ReadOnlySpan<Vector128<float>> Weighted(int row, PlaneChannel input, Vector128<float>[] scratch)
    {
        var colours = RowOf(_guide, row);
        if (colours.IsEmpty) return [];
        var values = input.Span.Slice(row * _width, _width);
        for (var x = 0; x < colours.Length; x++) scratch[x] = WithOne(colours[x]) * values[x];
        return scratch.AsSpan(0, _width);
    }

    /// <summary>Solves for the linear functions of the windows around a row; empty for a row outside the
    /// plane.</summary>
    /// <param name="sums">Sums of r·p, g·p, b·p and p over the windows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ReadOnlySpan<Vector128<float>> SolveRow(int row, ReadOnlySpan<Vector128<float>> sums,
        Vector128<float>[] scratch)
    {
        if (row < 0 || row >= _height) return [];
        ReadOnlySpan<Vector128<float>> mean = RowOf(_mean, row), r = RowOf(_inverseR, row), g = RowOf(_inverseG, row),
            b = RowOf(_inverseB, row);
        // Solve two samples at a time.
        var pairs = MemoryMarshal.Cast<Vector128<float>, Vector256<float>>(scratch.AsSpan(0, _width));
        ReadOnlySpan<Vector256<float>> sums2 = Pairs(sums), mean2 = Pairs(mean), r2 = Pairs(r), g2 = Pairs(g),
            b2 = Pairs(b);
        for (var k = 0; k < pairs.Length; k++) pairs[k] = Solve(sums2[k], mean2[k], r2[k], g2[k], b2[k]);
        if ((_width & 1) != 0) scratch[_width - 1] =
            Solve(Twice(sums[^1]), Twice(mean[^1]), Twice(r[^1]), Twice(g[^1]), Twice(b[^1])).GetLower();
        return scratch.AsSpan(0, _width);

        static ReadOnlySpan<Vector256<float>> Pairs(ReadOnlySpan<Vector128<float>> row) =>
            MemoryMarshal.Cast<Vector128<float>, Vector256<float>>(row);
        static Vector256<float> Twice(Vector128<float> value) => Vector256.Create(value, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Solve(Vector256<float> sums, Vector256<float> mean, Vector256<float> r,
        Vector256<float> g, Vector256<float> b)
    {
        var means = sums * Vector256.Shuffle(mean, Vector256.Create(3, 3, 3, 3, 7, 7, 7, 7));
        var meanP = Vector256.Shuffle(means, Vector256.Create(3, 3, 3, 3, 7, 7, 7, 7));
        var covariance = means - mean * meanP;
        var slope = r * Vector256.Shuffle(covariance, Vector256.Create(0, 0, 0, 0, 4, 4, 4, 4))
            + g * Vector256.Shuffle(covariance, Vector256.Create(1, 1, 1, 1, 5, 5, 5, 5))
            + b * Vector256.Shuffle(covariance, Vector256.Create(2, 2, 2, 2, 6, 6, 6, 6));
        // The slope's fourth element is 0, hence the product's too.
        var product = slope * mean;
        var half = product + Vector256.Shuffle(product, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
        var atMean = half + Vector256.Shuffle(half, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5));
        return Vector256.ConditionalSelect(Vector256.Create(-1, -1, -1, 0, -1, -1, -1, 0).AsSingle(), slope,
            meanP - atMean);
    }

    private ReadOnlySpan<Vector128<float>> RowOf(FloatPlane plane, int row) =>
        row < 0 || row >= _height ? [] : plane.AsSpan(row * _width, _width);

    /// <summary>Buffers of one core.</summary>
    private sealed class Band(int width, int radius) : IDisposable
    {
        public RowWindow[] Windows { get; } =
            [new(width, radius), new(width, radius), new(width, radius), new(width, radius)];

        public Vector128<float>[] Row { get; } = new Vector128<float>[width];

        public void Dispose()
        {
            foreach (var window in Windows) window.Dispose();
        }
    }
}
