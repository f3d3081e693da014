using System.Buffers;
using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.Matting;

/// <summary>
/// The photo's alpha at full size, upscaled from the network's mask along the photo's own edges.
/// </summary>
/// <remarks>
/// On a <see cref="Grid"/>, alpha is fitted to the colours (<see cref="ClosedForm"/>) and turned into a linear function
/// of the colour around each point (fast guided filter, He and Sun 2015). At full size, these functions are
/// interpolated and applied to the photo's pixels, which brings back hair as thin as a pixel. Rows are computed on
/// demand.
/// </remarks>
internal sealed class Matte : IDisposable
{
    /// <summary>Radius of the windows, in samples of the network: how far its edges may be off.</summary>
    private const float RadiusInSamples = 3;

    private const float Epsilon = 1e-4f;

    /// <summary>Alpha below which <see cref="Curve"/> gives 0; above 1 minus this, it gives 1. The difference is
    /// invisible, but costly to encode.</summary>
    private const float Least = 2 / 255f;

    private static readonly byte[] Curve = MakeCurve();

    private readonly Grid _grid;
    private readonly FloatPlane _functions;
    private readonly float[] _alpha;

    /// <summary>Kind of each grid point: its function gives alpha 0 for every colour (0), 1 for every colour (1), or
    /// neither (2).</summary>
    private readonly byte[] _kind;

    private Matte(Grid grid)
    {
        _grid = grid;
        _functions = grid.Planes.Rent();
        _alpha = ArrayPool<float>.Shared.Rent(grid.Count);
        _kind = ArrayPool<byte>.Shared.Rent(grid.Count);
    }

    /// <summary>Alpha at the grid's points, from 0 to 1.</summary>
    public ReadOnlySpan<float> OnGrid => _alpha.AsSpan(0, _grid.Count);

    public static Matte Run(Tensors tensors, Grid grid)
    {
        var matte = new Matte(grid);
        matte.Fill(tensors);
        return matte;
    }

    /// <summary>Computes one row of alpha.</summary>
    /// <param name="y">Row of the photo.</param>
    /// <param name="pixels">Pixels of that row.</param>
    /// <param name="alpha">Receives the alpha of each pixel, from 0 to 255.</param>
    public void Row(int y, ReadOnlySpan<uint> pixels, Span<byte> alpha)
    {
        var (top, fy) = _grid.Down(y);
        var down = top + 1 < _grid.Height ? _grid.Width : 0;
        var (x, start) = (0, top * _grid.Width);
        for (var left = 0; x < pixels.Length; left++)
        {
            // Handle the pixels between this point of the grid and the next one to the right.
            var end = left + 1 < _grid.Width ? Math.Min(pixels.Length, _grid.FirstPixelFrom(left + 1)) : pixels.Length;
            int a = start + left, b = left + 1 < _grid.Width ? a + 1 : a;
            var kind = _kind[a] | _kind[b] | _kind[a + down] | _kind[b + down];
            var same = _kind[a] == _kind[b] && _kind[a] == _kind[a + down] && _kind[a] == _kind[b + down];
            if (same && kind < 2) alpha[x..end].Fill((byte)(kind * 255));
            else
            {
                var atLeft = _functions[a] * (1 - fy) + _functions[a + down] * fy;
                var atRight = _functions[b] * (1 - fy) + _functions[b + down] * fy;
                var step = (atRight - atLeft) * _grid.ScaleX;
                var function = atLeft + (atRight - atLeft) * Math.Clamp(_grid.Across(x) - left, 0, 1);
                for (var i = x; i < end; i++, function += step)
                {
                    var colour = Resample.ToFloats(pixels[i]).WithElement(3, 255f);
                    alpha[i] = Curve[(int)Math.Clamp(Vector128.Dot(function, colour) + 0.5f, 0, 255)];
                }
            }
            x = Math.Max(x, end);
        }
    }

    public void Dispose()
    {
        _functions.Dispose();
        ArrayPool<float>.Shared.Return(_alpha);
        ArrayPool<byte>.Shared.Return(_kind);
    }

    private void Fill(Tensors tensors)
    {
        using var scratch = _grid.Planes.Rent();
        var alpha = new PlaneChannel(scratch, 0);
        Resample.Plane(tensors.Output, tensors.Width, tensors.Height, alpha.Span, _grid.Width, _grid.Height);
        var radius =
            Math.Max(1, (int)MathF.Round(RadiusInSamples * Math.Max(_grid.Width, _grid.Height) / tensors.LongerSide));
        using (var filter = new GuidedFilter(_grid.Colours, _grid.Planes, radius, Epsilon))
        {
            ClosedForm.Run(filter, alpha, _grid.Planes);
            filter.Functions(alpha, _functions);
        }

        Parallel.For(0, _grid.Height, y =>
        {
            for (var i = y * _grid.Width; i < (y + 1) * _grid.Width; i++) Classify(i);
        });
    }

    /// <summary>Computes alpha and kind of a grid point.</summary>
    private void Classify(int i)
    {
        var function = _functions[i];
        var value = Math.Clamp(Vector128.Dot(function, _grid.Colours[i].WithElement(3, 1f)), 0, 1);
        _alpha[i] = Curve[(int)(value * 255 + 0.5f)] / 255f;
        // Bounds of the function over all colours from 0 to 1.
        var slope = function.WithElement(3, 0);
        var least = function[3] + Vector128.Sum(Vector128.Min(slope, Vector128<float>.Zero));
        var most = function[3] + Vector128.Sum(Vector128.Max(slope, Vector128<float>.Zero));
        _kind[i] = (byte)(Curve[(int)Math.Clamp(most * 255 + 0.5f, 0, 255)] == 0 ? 0
            : Curve[(int)Math.Clamp(least * 255 + 0.5f, 0, 255)] == 255 ? 1 : 2);
    }

    /// <summary>Returns a curve that undoes the filter's softening: q^1.5 / (q^1.5 + (1 - q)^1.5). It is symmetric and
    /// maps 0 and 1 to themselves.</summary>
    private static byte[] MakeCurve()
    {
        var curve = new byte[256];
        for (var i = 0; i < 256; i++)
        {
            float q = MathF.Pow(i / 255f, 1.5f), rest = MathF.Pow(1 - i / 255f, 1.5f), firm = q / (q + rest);
            curve[i] = firm < Least ? (byte)0 : firm > 1 - Least ? (byte)255 : (byte)(firm * 255 + 0.5f);
        }
        return curve;
    }
}
