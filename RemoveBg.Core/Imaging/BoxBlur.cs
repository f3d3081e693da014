using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Imaging;

/// <summary>Sums a square window around each sample. Uses running sums, so the cost does not depend on the
/// radius.</summary>
internal static class BoxBlur
{
    /// <summary>Number of columns summed together, so that their sums stay in the L1 cache.</summary>
    private const int Band = 64;

    /// <summary>Replaces each sample by the sum of the (2r+1)² samples around it; samples outside the plane count as
    /// zero.</summary>
    /// <remarks>Callers divide by the sum of a weight over the same window.</remarks>
    public static void Run(FloatPlane plane, FloatPlanes planes, int radius)
    {
        var (width, height) = (planes.Width, planes.Height);
        using var rows = planes.Rent();
        Parallel.For(0, height, y => SumRow(plane.AsSpan(y * width, width), rows.AsSpan(y * width, width), radius));
        Parallel.For(0, (width + Band - 1) / Band,
            band => SumColumns(rows, plane, width, height, band * Band, Math.Min(width, (band + 1) * Band), radius));
    }

    private static void SumRow(ReadOnlySpan<Vector128<float>> source, Span<Vector128<float>> target, int radius)
    {
        var sum = Vector128<float>.Zero;
        for (var x = 0; x < Math.Min(radius, source.Length); x++) sum += source[x];
        for (var x = 0; x < source.Length; x++)
        {
            if (x + radius < source.Length) sum += source[x + radius];
            if (x - radius - 1 >= 0) sum -= source[x - radius - 1];
            target[x] = sum;
        }
    }

    private static void SumColumns(FloatPlane source, FloatPlane target, int width, int height, int left, int right,
        int radius)
    {
        Span<Vector128<float>> sums = stackalloc Vector128<float>[right - left];
        sums.Clear();
        for (var y = 0; y < Math.Min(radius, height); y++) Add(source.AsSpan(y * width + left, right - left), sums);
        for (var y = 0; y < height; y++)
        {
            if (y + radius < height) Add(source.AsSpan((y + radius) * width + left, right - left), sums);
            if (y - radius - 1 >= 0) Subtract(source.AsSpan((y - radius - 1) * width + left, right - left), sums);
            sums.CopyTo(target.AsSpan(y * width + left, right - left));
        }
    }

    private static void Add(ReadOnlySpan<Vector128<float>> row, Span<Vector128<float>> sums) =>
        TensorPrimitives.Add(Numbers(sums), Numbers(row), Numbers(sums));

    private static void Subtract(ReadOnlySpan<Vector128<float>> row, Span<Vector128<float>> sums) =>
        TensorPrimitives.Subtract(Numbers(sums), Numbers(row), Numbers(sums));

    /// <summary>Reinterprets samples as plain floats, of which the processor adds eight or sixteen at once.</summary>
    private static Span<float> Numbers(Span<Vector128<float>> samples) =>
        MemoryMarshal.Cast<Vector128<float>, float>(samples);

    private static ReadOnlySpan<float> Numbers(ReadOnlySpan<Vector128<float>> samples) =>
        MemoryMarshal.Cast<Vector128<float>, float>(samples);
}
