using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Imaging;

/// <summary>Sums of a square window that moves down a plane. Keeps 2r + 1 rows, each summed over 2r + 1 columns when
/// pushed.</summary>
/// <remarks>Small enough to stay in the processor's L2 cache.</remarks>
internal sealed class RowWindow : IDisposable
{
    private readonly int _width, _radius, _height;
    private readonly Vector128<float>[] _rows, _sums;
    private int _oldest;

    public RowWindow(int width, int radius)
    {
        (_width, _radius, _height) = (width, radius, 2 * radius + 1);
        _rows = ArrayPool<Vector128<float>>.Shared.Rent(_height * width);
        _sums = ArrayPool<Vector128<float>>.Shared.Rent(width);
        Clear();
    }

    /// <summary>Window sums centred on the row that was pushed r rows ago.</summary>
    public ReadOnlySpan<Vector128<float>> Sums => _sums.AsSpan(0, _width);

    public void Clear()
    {
        _rows.AsSpan().Clear();
        _sums.AsSpan().Clear();
    }

    /// <summary>Adds the next row and drops the oldest.</summary>
    /// <param name="row">Samples of the row; empty for a row outside the plane, which counts as zeros.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Push(ReadOnlySpan<Vector128<float>> row)
    {
        var kept = _rows.AsSpan(_oldest * _width, _width);
        var sums = _sums.AsSpan(0, _width);
        _oldest = (_oldest + 1) % _height;
        var sum = Vector128<float>.Zero;
        for (var x = 0; x < Math.Min(_radius, row.Length); x++) sum += row[x];
        for (var x = 0; x < kept.Length; x++)
        {
            sum += At(row, x + _radius) - At(row, x - _radius - 1);
            sums[x] += sum - kept[x];
            kept[x] = sum;
        }
    }

    public void Dispose()
    {
        ArrayPool<Vector128<float>>.Shared.Return(_rows);
        ArrayPool<Vector128<float>>.Shared.Return(_sums);
    }

    private static Vector128<float> At(ReadOnlySpan<Vector128<float>> row, int x) =>
        (uint)x < (uint)row.Length ? row[x] : Vector128<float>.Zero;
}
