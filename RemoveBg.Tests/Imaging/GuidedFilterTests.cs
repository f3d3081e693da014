using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Tests.Imaging;

/// <summary>The kernels, compared with direct implementations in double precision.</summary>
public sealed class GuidedFilterTests
{
    [Test]
    public void A_box_blur_sums_its_window_at_every_size_and_radius()
    {
        var random = new Random(1);
        for (var size = 1; size <= 33; size++)
            foreach (var (width, height) in new[] { (size, 7), (7, size), (size, 1), (1, size), (size * 5, size) })
                foreach (var radius in new[] { 1, 3, 40 })
                {
                    using var planes = new FloatPlanes(width, height);
                    using var plane = Colours(planes, random);
                    var expected = Enumerable.Range(0, width * height)
                        .Select(i => Sum(plane, width, height, i % width, i / width, radius)).ToArray();
                    BoxBlur.Run(plane, planes, radius);
                    for (var i = 0; i < expected.Length; i++)
                        Assert.That(plane[i][i & 3], Is.EqualTo(expected[i][i & 3]).Within(
                            1e-3 * (1 + expected[i][i & 3])), $"{width} x {height}, radius {radius}, sample {i}");
                }
    }

    [Test]
    public void A_moving_window_sums_like_a_box_blur()
    {
        var random = new Random(3);
        for (var width = 1; width <= 17; width++)
            foreach (var radius in new[] { 1, 2, 9 })
            {
                using var planes = new FloatPlanes(width, 12);
                using var plane = Colours(planes, random);
                using var window = new RowWindow(width, radius);
                window.Push(plane.AsSpan(0, width));
                window.Clear();
                for (var y = -radius; y < 12 + radius; y++)
                {
                    window.Push(y is >= 0 and < 12 ? plane.AsSpan(y * width, width) : []);
                    var centre = y - radius;
                    if (centre < 0) continue;
                    for (var x = 0; x < width; x++)
                        Assert.That(window.Sums[x][x & 3], Is.EqualTo(Sum(plane, width, 12, x, centre, radius)[x & 3])
                            .Within(1e-3), $"{width} wide, radius {radius}, sample {x}, {centre}");
                }
            }
    }

    /// <summary>Covers odd and even widths (two samples are solved at a time), one band and several, and windows larger
    /// than the plane.</summary>
    [TestCase(9, 7, 2)]
    [TestCase(31, 20, 4)]
    [TestCase(1, 13, 3)]
    [TestCase(2, 90, 1)]
    [TestCase(3, 64, 2)]
    [TestCase(40, 1, 3)]
    [TestCase(16, 70, 3)]
    public void The_filter_matches_a_direct_implementation(int width, int height, int radius)
    {
        var random = new Random(2);
        using var planes = new FloatPlanes(width, height);
        using var guide = Colours(planes, random);
        var plane = Enumerable.Range(0, width * height).Select(_ => (float)random.NextDouble()).ToArray();
        var expected = Slow(guide, plane, width, height, radius, 1e-2);
        using var filter = new GuidedFilter(guide, planes, radius, 1e-2f);
        using FloatPlane scratch = planes.Rent(), functions = planes.Rent();
        PlaneChannel input = new(scratch, 0), filtered = new(scratch, 1), laplacian = new(scratch, 2);
        plane.CopyTo(input.Span);
        filter.Run(input, filtered);
        filter.Functions(input, functions);
        filter.Laplacian(input, laplacian);
        for (var i = 0; i < plane.Length; i++)
        {
            var n = Window(width, height, i % width, i / width, radius).Count();
            Assert.That(filtered.Span[i], Is.EqualTo(Math.Clamp(expected[i], 0, 1)).Within(2e-3),
                $"filtered, sample {i}");
            Assert.That(Vector128.Dot(functions[i], guide[i].WithElement(3, 1f)), Is.EqualTo(expected[i]).Within(2e-3),
                $"functions, sample {i}");
            Assert.That(laplacian.Span[i], Is.EqualTo(n * (plane[i] - expected[i])).Within(2e-3 * n),
                $"Laplacian, sample {i}");
        }
    }

    [Test]
    public void The_result_has_the_guides_edge_and_a_flat_plane_stays_flat()
    {
        // The guide has an edge at 20, and the plane a soft one around it.
        using var planes = new FloatPlanes(40, 40);
        using var guide = planes.Rent();
        for (var i = 0; i < guide.Count; i++) guide[i] = Vector128.Create(i % 40 < 20 ? 0.1f : 0.9f);
        var soft = Enumerable.Range(0, 40 * 40).Select(i => Math.Clamp((i % 40 - 14) / 12f, 0, 1)).ToArray();
        using var filter = new GuidedFilter(guide, planes, 6, 1e-4f);
        soft = Filtered(filter, planes, soft);
        Assert.That(soft[20 * 40 + 20] - soft[20 * 40 + 19], Is.GreaterThan(0.4f),
            "the step is at the guide's edge");
        var flat = Enumerable.Repeat(0.3f, 40 * 40).ToArray();
        flat = Filtered(filter, planes, flat);
        Assert.That(flat, Is.All.EqualTo(0.3f).Within(1e-3f));
    }

    private static float[] Filtered(GuidedFilter filter, FloatPlanes planes, float[] plane)
    {
        using var scratch = planes.Rent();
        PlaneChannel input = new(scratch, 0), result = new(scratch, 1);
        plane.CopyTo(input.Span);
        filter.Run(input, result);
        return result.Span.ToArray();
    }

    private static FloatPlane Colours(FloatPlanes planes, Random random)
    {
        var plane = planes.Rent();
        for (var i = 0; i < plane.Count; i++)
            plane[i] = Vector128.Create((float)random.NextDouble(), (float)random.NextDouble(),
                (float)random.NextDouble(), (float)random.NextDouble());
        return plane;
    }

    private static IEnumerable<int> Window(int width, int height, int x, int y, int radius)
    {
        for (var v = Math.Max(0, y - radius); v <= Math.Min(height - 1, y + radius); v++)
            for (var u = Math.Max(0, x - radius); u <= Math.Min(width - 1, x + radius); u++)
                yield return v * width + u;
    }

    private static double[] Sum(FloatPlane plane, int width, int height, int x, int y, int radius)
    {
        var sum = new double[4];
        foreach (var i in Window(width, height, x, y, radius))
            for (var lane = 0; lane < 4; lane++) sum[lane] += plane[i][lane];
        return sum;
    }

    /// <summary>Filters window by window (He et al. 2013, equations 19 to 21), with Cramer's rule.</summary>
    private static double[] Slow(FloatPlane guide, float[] plane, int width, int height, int radius, double epsilon)
    {
        var functions = new double[plane.Length][];
        for (var i = 0; i < plane.Length; i++)
        {
            var window = Window(width, height, i % width, i / width, radius).ToList();
            var mean = new double[3];
            for (var a = 0; a < 3; a++) mean[a] = window.Average(k => (double)guide[k][a]);
            var meanP = window.Average(k => (double)plane[k]);
            var (covariance, cross) = (new double[3, 3], new double[3]);
            for (var a = 0; a < 3; a++)
            {
                cross[a] = window.Average(k => (double)guide[k][a] * plane[k]) - mean[a] * meanP;
                for (var b = 0; b < 3; b++) covariance[a, b] =
                    window.Average(k => (double)guide[k][a] * guide[k][b]) - mean[a] * mean[b] + (a == b ? epsilon : 0);
            }
            var determinant = Determinant(covariance);
            var slope = Enumerable.Range(0, 3).Select(column =>
            {
                var replaced = (double[,])covariance.Clone();
                for (var row = 0; row < 3; row++) replaced[row, column] = cross[row];
                return Determinant(replaced) / determinant;
            }).ToArray();
            functions[i] = [.. slope, meanP - slope[0] * mean[0] - slope[1] * mean[1] - slope[2] * mean[2]];
        }
        return [.. Enumerable.Range(0, plane.Length).Select(i =>
        {
            var window = Window(width, height, i % width, i / width, radius).ToList();
            return Enumerable.Range(0, 3).Sum(a => window.Average(k => functions[k][a]) * guide[i][a])
                + window.Average(k => functions[k][3]);
        })];
    }

    private static double Determinant(double[,] m) =>
        m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1]) - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
            + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0]);
}
