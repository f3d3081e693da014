using System.Buffers;
using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>Sums over a square window by running sums: the same work for every radius.</summary>
internal static class BoxBlur
{
    /// <summary>Replaces each sample by the sum of the (2r+1)² samples around it; outside the plane lie zeros. Not divided:
    /// callers divide colour by weight, and both have the same factor.</summary>
    public static void Run(Vector128<float>[] plane, int width, int height, int radius)
    {
        var turned = ArrayPool<Vector128<float>>.Shared.Rent(width * height);
        try
        {
            SumRowsTransposed(plane, turned, width, height, radius);
            SumRowsTransposed(turned, plane, height, width, radius);
        }
        finally
        {
            ArrayPool<Vector128<float>>.Shared.Return(turned);
        }
    }

    /// <summary>Sums along the rows and writes them as columns, so that two calls make the square.</summary>
    private static void SumRowsTransposed(Vector128<float>[] source, Vector128<float>[] target, int width, int height, int radius) =>
        Parallel.For(0, height, y =>
        {
            var row = source.AsSpan(y * width, width);
            var sum = Vector128<float>.Zero;
            for (var x = 0; x < Math.Min(radius, width); x++) sum += row[x];
            for (var x = 0; x < width; x++)
            {
                if (x + radius < width) sum += row[x + radius];
                if (x - radius - 1 >= 0) sum -= row[x - radius - 1];
                target[x * height + y] = sum;
            }
        });
}
