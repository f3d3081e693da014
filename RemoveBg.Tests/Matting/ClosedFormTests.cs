using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Matting;

namespace RemoveBg.Tests.Matting;

/// <summary>Mattes fitted to the photo's colours.</summary>
public sealed class ClosedFormTests
{
    private const int Size = 64;

    [Test]
    public void A_blurred_edge_moves_to_the_photos_edge()
    {
        // A dark subject left of 30. The network's edge is soft and three samples too far to the right.
        using var planes = new FloatPlanes(Size, Size);
        using var photo = Paint(planes, x => x < 30 ? 0.1f : 0.9f);
        var before = Enumerable.Range(0, Size * Size).Select(i => Math.Clamp((38 - i % Size) / 10f, 0, 1)).ToArray();
        var after = Fit(planes, photo, before);
        var truth = Enumerable.Range(0, Size * Size).Select(i => i % Size < 30 ? 1f : 0).ToArray();
        Assert.That(Error(after, truth), Is.LessThan(0.5 * Error(before, truth)));
        Assert.That(after[32 * Size + 29] - after[32 * Size + 30], Is.GreaterThan(0.4f),
            "the step is at the photo's edge");
    }

    [Test]
    public void An_edge_in_a_colour_ramp_follows_the_ramp()
    {
        // Defocus: over twelve samples the photo brightens and the true alpha falls; the network gives one half for all
        // of them.
        using var planes = new FloatPlanes(Size, Size);
        using var photo = Paint(planes, x => Math.Clamp((x - 26) / 12f, 0.05f, 0.95f));
        var truth = Enumerable.Range(0, Size * Size).Select(i => 1 - Math.Clamp((i % Size - 26) / 12f, 0, 1)).ToArray();
        var before = Enumerable.Range(0, Size * Size).Select(i => i % Size < 26 ? 0.97f : i % Size < 38 ? 0.5f : 0.03f)
            .ToArray();
        Assert.That(Error(Fit(planes, photo, before), truth), Is.LessThan(0.7 * Error(before, truth)));
    }

    [TestCase(0f)]
    [TestCase(1f)]
    [TestCase(0.4f)]
    public void A_uniform_matte_stays_uniform(float alpha)
    {
        using var planes = new FloatPlanes(Size, Size);
        using var photo = Paint(planes, x => x % 7 / 7f);
        Assert.That(Fit(planes, photo, [.. Enumerable.Repeat(alpha, Size * Size)]),
            Is.All.EqualTo(alpha).Within(2e-3f));
    }

    [Test]
    public void The_fit_lowers_the_cost_it_minimises()
    {
        var random = new Random(4);
        using var planes = new FloatPlanes(Size, Size);
        using var photo = planes.Rent();
        for (var i = 0; i < photo.Count; i++) photo[i] =
            Vector128.Create((float)random.NextDouble(), (float)random.NextDouble(), (float)random.NextDouble(), 1);
        var before = Enumerable.Range(0, Size * Size).Select(_ => 0.3f + 0.4f * (float)random.NextDouble()).ToArray();
        Assert.That(Roughness(planes, photo, Fit(planes, photo, before)),
            Is.LessThan(0.5 * Roughness(planes, photo, before)));
    }

    [Test]
    public void Every_size_matches_scalar_conjugate_gradients()
    {
        var random = new Random(5);
        for (var width = 1; width <= 2 * System.Numerics.Vector<float>.Count + 1; width++)
        {
            using var planes = new FloatPlanes(width, 3);
            using var photo = planes.Rent();
            for (var i = 0; i < photo.Count; i++) photo[i] =
                Vector128.Create((float)random.NextDouble(), (float)random.NextDouble(), (float)random.NextDouble(), 1);
            var alpha = Enumerable.Range(0, photo.Count).Select(_ => (float)random.NextDouble()).ToArray();
            Assert.That(Fit(planes, photo, alpha, 1, 1e-2f), Is.EqualTo(Slow(planes, photo, alpha)).Within(2e-3f),
                $"{width} x 3");
        }
    }

    /// <summary>Solves (L + D) x = D a from x = a by three steps, preconditioned by the diagonal n / 2 + D, where
    /// D = n (|2a - 1|⁸ + 0.001).</summary>
    private static float[] Slow(FloatPlanes planes, FloatPlane photo, float[] alpha)
    {
        using var filter = new GuidedFilter(photo, planes, 1, 1e-2f);
        var sizes = new float[alpha.Length];
        filter.WindowSizes(sizes);
        double[] hold = [.. alpha.Zip(sizes, (a, n) => n * (Math.Pow(2 * a - 1, 8) + 1e-3))],
            preconditioner = [.. hold.Zip(sizes, (d, n) => 1 / (n / 2.0 + d))];
        double[] x = [.. alpha.Select(a => (double)a)], residual = [.. Laplacian(x).Select(v => -v)],
            direction = [.. residual.Zip(preconditioner, (r, m) => r * m)];
        var size = Product(residual, direction);
        for (var step = 0; step < 3 && size > 0; step++)
        {
            var applied = Laplacian(direction).Select((v, i) => v + hold[i] * direction[i]).ToArray();
            var length = size / Product(direction, applied);
            x = [.. x.Select((v, i) => v + length * direction[i])];
            residual = [.. residual.Select((v, i) => v - length * applied[i])];
            double[] scaled = [.. residual.Zip(preconditioner, (r, m) => r * m)];
            var next = Product(residual, scaled);
            direction = [.. scaled.Select((v, i) => v + next / size * direction[i])];
            size = next;
        }
        return [.. x.Select(v => (float)v)];

        static double Product(double[] a, double[] b) => a.Zip(b, (p, q) => p * q).Sum();

        double[] Laplacian(double[] plane)
        {
            using var scratch = planes.Rent();
            PlaneChannel input = new(scratch, 0), result = new(scratch, 1);
            for (var i = 0; i < plane.Length; i++) input.Span[i] = (float)plane[i];
            filter.Laplacian(input, result);
            return [.. result.Span.ToArray().Select(v => (double)v)];
        }
    }

    private static FloatPlane Paint(FloatPlanes planes, Func<int, float> grey)
    {
        var photo = planes.Rent();
        for (var i = 0; i < photo.Count; i++) photo[i] = Vector128.Create(grey(i % Size));
        return photo;
    }

    private static float[] Fit(FloatPlanes planes, FloatPlane photo, float[] alpha, int radius = 4,
        float epsilon = 1e-4f)
    {
        using var filter = new GuidedFilter(photo, planes, radius, epsilon);
        using var scratch = planes.Rent();
        var plane = new PlaneChannel(scratch, 0);
        alpha.CopyTo(plane.Span);
        ClosedForm.Run(filter, plane, planes);
        return plane.Span.ToArray();
    }

    /// <summary>Computes aᵀLa for matte a and matting Laplacian L.</summary>
    private static double Roughness(FloatPlanes planes, FloatPlane photo, float[] alpha)
    {
        using var filter = new GuidedFilter(photo, planes, 4, 1e-4f);
        using var scratch = planes.Rent();
        PlaneChannel plane = new(scratch, 0), result = new(scratch, 1);
        alpha.CopyTo(plane.Span);
        filter.Laplacian(plane, result);
        return TensorPrimitives.Dot<float>(alpha, result.Span);
    }

    private static double Error(float[] alpha, float[] truth) => alpha.Zip(truth, (a, t) => Math.Abs(a - t)).Average();
}
