using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Process.Pipeline;

internal enum ResampleKernel
{
    /// <summary>Linear between neighbours.</summary>
    Triangle,

    CatmullRom,
}

/// <summary>Separable filters, widened when they shrink so that nothing aliases; what Pillow calls BILINEAR and BICUBIC. Pixel
/// centres lie at halves.</summary>
internal static class Resample
{
    /// <summary>The source samples of one target sample: from <c>Start</c> on, with weights that sum to 1.</summary>
    private readonly record struct Taps(int Start, float[] Weights);

    /// <summary>Shrinks (or enlarges) a photo to <paramref name="width"/> × <paramref name="height"/> pixels of
    /// premultiplied R, G, B, A from 0 to 255.</summary>
    /// <param name="kernel">Catmull-Rom keeps more detail and may overshoot: results are clamped.</param>
    public static unsafe void Colours(Photo photo, Span<Vector128<float>> target, int width, int height, ResampleKernel kernel = ResampleKernel.Triangle)
    {
        if (target.Length < width * height) throw new ArgumentException($"Needs room for {width * height} pixels.", nameof(target));
        Taps[] columns = Tapped(photo.Width, width, kernel), rows = Tapped(photo.Height, height, kernel);
        fixed (Vector128<float>* pinned = target)
        {
            var output = pinned;
            var bandHeight = Math.Max(1, height / (Environment.ProcessorCount * 4));
            Parallel.For(0, (height + bandHeight - 1) / bandHeight, band =>
            {
                int top = band * bandHeight, bottom = Math.Min(height, top + bandHeight);
                new Span<Vector128<float>>(output + (long)top * width, (bottom - top) * width).Clear();
                var line = new Vector128<float>[width];
                var last = rows[bottom - 1].Start + rows[bottom - 1].Weights.Length;
                for (var y = rows[top].Start; y < last; y++)
                {
                    ShrinkRow(photo.Row(y), columns, line, photo.IsOpaque);
                    for (var to = top; to < bottom; to++)
                    {
                        var tap = y - rows[to].Start;
                        if ((uint)tap >= (uint)rows[to].Weights.Length) continue;
                        var weight = Vector128.Create(rows[to].Weights[tap]);
                        var sum = output + (long)to * width;
                        for (var x = 0; x < width; x++) sum[x] += line[x] * weight;
                    }
                }
                if (kernel == ResampleKernel.Triangle) return;
                foreach (ref var sum in new Span<Vector128<float>>(output + (long)top * width, (bottom - top) * width))
                    sum = Vector128.Min(Vector128.Max(sum, Vector128<float>.Zero), Vector128.Create(255f));
            });
        }
    }

    /// <summary>Brings a plane to another size.</summary>
    public static unsafe void Plane(ReadOnlySpan<float> source, int sourceWidth, int sourceHeight, float* target, int width, int height)
    {
        Taps[] columns = Tapped(sourceWidth, width, ResampleKernel.Triangle), rows = Tapped(sourceHeight, height, ResampleKernel.Triangle);
        fixed (float* pinned = source)
        {
            var input = pinned;
            Parallel.For(0, height, () => new float[sourceWidth], (y, _, line) =>
            {
                Array.Clear(line);
                for (var tap = 0; tap < rows[y].Weights.Length; tap++)
                {
                    var row = input + (long)(rows[y].Start + tap) * sourceWidth;
                    var weight = rows[y].Weights[tap];
                    for (var x = 0; x < line.Length; x++) line[x] += row[x] * weight;
                }
                var output = target + (long)y * width;
                for (var x = 0; x < width; x++)
                {
                    var (start, weights) = columns[x];
                    var sum = 0f;
                    for (var tap = 0; tap < weights.Length; tap++) sum += line[start + tap] * weights[tap];
                    output[x] = sum;
                }
                return line;
            }, _ => { });
        }
    }

    private static void ShrinkRow(ReadOnlySpan<uint> row, Taps[] columns, Vector128<float>[] line, bool isOpaque)
    {
        for (var x = 0; x < line.Length; x++)
        {
            var (start, weights) = columns[x];
            var pixels = row.Slice(start, weights.Length);
            var sum = Vector128<float>.Zero;
            if (isOpaque)
                for (var tap = 0; tap < weights.Length; tap++) sum += ToFloats(pixels[tap]) * weights[tap];
            else
                for (var tap = 0; tap < weights.Length; tap++)
                {
                    // Premultiplied: R, G, B times alpha, alpha times 1.
                    var colour = ToFloats(pixels[tap]);
                    sum += colour * Vector128.Create(colour[3] / 255f).WithElement(3, 1f) * weights[tap];
                }
            line[x] = sum;
        }
    }

    /// <summary>R, G, B, A as four floats from 0 to 255.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloats(uint pixel) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(pixel).AsByte())).AsInt32());

    private static Taps[] Tapped(int from, int to, ResampleKernel kernel)
    {
        var scale = (double)from / to;
        var stretch = Math.Max(1, scale);
        var support = kernel == ResampleKernel.Triangle ? stretch : 2 * stretch;
        var all = new Taps[to];
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * scale;
            var start = Math.Max(0, (int)Math.Floor(centre - support + 0.5));
            var end = Math.Min(from, (int)Math.Floor(centre + support + 0.5));
            var weights = new float[Math.Max(1, end - start)];
            double sum = 0;
            for (var k = 0; k < weights.Length; k++)
                sum += weights[k] = (float)Weight(kernel, Math.Abs(start + k + 0.5 - centre) / stretch);
            for (var k = 0; k < weights.Length; k++) weights[k] = sum > 0 ? (float)(weights[k] / sum) : 1f / weights.Length;
            all[i] = new(Math.Min(start, from - weights.Length), weights);
        }
        return all;
    }

    /// <summary>Triangle; or Keys' cubic with a = -1/2 (Catmull-Rom).</summary>
    private static double Weight(ResampleKernel kernel, double x) => kernel switch
    {
        ResampleKernel.Triangle => Math.Max(0, 1 - x),
        _ when x < 1 => (1.5 * x - 2.5) * x * x + 1,
        _ when x < 2 => ((-0.5 * x + 2.5) * x - 4) * x + 2,
        _ => 0,
    };
}
