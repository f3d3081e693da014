using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Imaging;

internal enum ResampleKernel
{
    /// <summary>Linear between neighbours.</summary>
    Triangle,

    CatmullRom,
}

/// <summary>Resizes with separable filters, widened for downscaling to avoid aliasing, as Pillow's BILINEAR and BICUBIC
/// are. Pixel centres are at half-integer coordinates.</summary>
internal static class Resample
{
    /// <summary>Weights of one target sample, which sum to 1, for the source samples from <c>Start</c> on.</summary>
    private readonly record struct Taps(int Start, float[] Weights);

    /// <summary>Resizes a photo to <paramref name="width"/> × <paramref name="height"/> pixels of premultiplied R, G,
    /// B, A from 0 to 255.</summary>
    /// <param name="kernel">Filter kernel. Catmull-Rom keeps more detail but overshoots, so its results are
    /// clamped.</param>
    public static unsafe void Colours(Photo photo, Span<Vector128<float>> target, int width, int height,
        ResampleKernel kernel = ResampleKernel.Triangle)
    {
        if (target.Length < width * height)
            throw new ArgumentException($"The target must hold {width * height} pixels.", nameof(target));
        Taps[] columns = MakeTaps(photo.Width, width, kernel), rows = MakeTaps(photo.Height, height, kernel);
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
                    ResampleRow(photo.Row(y), columns, line, photo.IsOpaque);
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

    /// <summary>Resizes a window of a photo row by row, without a second image in memory. Parts outside the photo are
    /// transparent.</summary>
    /// <param name="left">Left edge of the window in pixels of the photo; may be negative or fractional.</param>
    /// <param name="top">Top edge of the window in pixels of the photo; may be negative or fractional.</param>
    /// <param name="scale">Target pixels per pixel of the photo.</param>
    /// <param name="width">Width of the target in pixels.</param>
    /// <param name="height">Height of the target in pixels.</param>
    /// <param name="row">Receives y and the row's premultiplied R, G, B, A from 0 to 255. Called from several
    /// threads.</param>
    public static void Window(Photo photo, double left, double top, double scale, int width, int height,
        Action<int, Vector128<float>[]> row)
    {
        Taps[] columns = MakeTaps(photo.Width, width, ResampleKernel.CatmullRom, left, 1 / scale),
            rows = MakeTaps(photo.Height, height, ResampleKernel.CatmullRom, top, 1 / scale);
        const int band = 16;
        Parallel.For(0, (height + band - 1) / band,
            () => (Line: new Vector128<float>[width], Sums: NewRows(band, width)), (b, _, scratch) =>
        {
            int first = b * band, count = Math.Min(band, height - first);
            for (var i = 0; i < count; i++) Array.Clear(scratch.Sums[i]);
            // Resample each row of the photo once for all rows of the band that it contributes to.
            int from = int.MaxValue, to = 0;
            for (var i = first; i < first + count; i++)
                if (rows[i].Weights.Length > 0)
                    (from, to) = (Math.Min(from, rows[i].Start), Math.Max(to, rows[i].Start + rows[i].Weights.Length));
            for (var y = from; y < to; y++)
            {
                ResampleRow(photo.Row(y), columns, scratch.Line, photo.IsOpaque);
                for (var i = 0; i < count; i++)
                {
                    var tap = y - rows[first + i].Start;
                    if ((uint)tap >= (uint)rows[first + i].Weights.Length) continue;
                    var weight = Vector128.Create(rows[first + i].Weights[tap]);
                    var sums = scratch.Sums[i];
                    for (var x = 0; x < width; x++) sums[x] += scratch.Line[x] * weight;
                }
            }
            for (var i = 0; i < count; i++)
            {
                // Catmull-Rom overshoots, and no premultiplied colour may exceed its alpha.
                foreach (ref var sum in scratch.Sums[i].AsSpan())
                {
                    var alpha = Math.Clamp(sum[3], 0, 255);
                    sum = Vector128.Min(Vector128.Max(sum, Vector128<float>.Zero), Vector128.Create(alpha));
                }
                row(first + i, scratch.Sums[i]);
            }
            return scratch;
        }, _ => { });

        static Vector128<float>[][] NewRows(int count, int width)
        {
            var all = new Vector128<float>[count][];
            for (var i = 0; i < count; i++) all[i] = new Vector128<float>[width];
            return all;
        }
    }

    /// <summary>Resizes a plane bilinearly.</summary>
    public static unsafe void Plane(ReadOnlySpan<float> source, int sourceWidth, int sourceHeight, Span<float> target,
        int width, int height)
    {
        if (target.Length < width * height)
            throw new ArgumentException($"The target must hold {width * height} samples.", nameof(target));
        Taps[] columns = MakeTaps(sourceWidth, width, ResampleKernel.Triangle),
            rows = MakeTaps(sourceHeight, height, ResampleKernel.Triangle);
        fixed (float* pinned = source, pinnedTarget = target)
        {
            float* input = pinned, rowsOut = pinnedTarget;
            Parallel.For(0, height, () => new float[sourceWidth], (y, _, line) =>
            {
                Array.Clear(line);
                for (var tap = 0; tap < rows[y].Weights.Length; tap++)
                {
                    var row = input + (long)(rows[y].Start + tap) * sourceWidth;
                    var weight = rows[y].Weights[tap];
                    for (var x = 0; x < line.Length; x++) line[x] += row[x] * weight;
                }
                var output = rowsOut + (long)y * width;
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

    private static void ResampleRow(ReadOnlySpan<uint> row, Taps[] columns, Vector128<float>[] line, bool isOpaque)
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
                    // Premultiply: R, G, B times alpha, alpha times 1.
                    var colour = ToFloats(pixels[tap]);
                    sum += colour * Vector128.Create(colour[3] / 255f).WithElement(3, 1f) * weights[tap];
                }
            line[x] = sum;
        }
    }

    /// <summary>Converts a pixel to four floats R, G, B, A from 0 to 255.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloats(uint pixel) =>
        Vector128.ConvertToSingle(
            Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(pixel).AsByte())).AsInt32());

    private static Taps[] MakeTaps(int from, int to, ResampleKernel kernel) =>
        MakeTaps(from, to, kernel, 0, (double)from / to);

    /// <param name="start">Start of the first target sample, in source samples.</param>
    /// <param name="scale">Source samples per target sample.</param>
    private static Taps[] MakeTaps(int from, int to, ResampleKernel kernel, double start, double scale)
    {
        var stretch = Math.Max(1, scale);
        var support = kernel == ResampleKernel.Triangle ? stretch : 2 * stretch;
        var all = new Taps[to];
        for (var i = 0; i < to; i++)
        {
            var centre = start + (i + 0.5) * scale;
            if (centre < 0 || centre > from)
            {
                all[i] = new(0, []);
                continue;
            }
            var first = Math.Max(0, (int)Math.Floor(centre - support + 0.5));
            var end = Math.Min(from, (int)Math.Floor(centre + support + 0.5));
            var weights = new float[Math.Max(1, end - first)];
            double sum = 0;
            for (var k = 0; k < weights.Length; k++)
                sum += weights[k] = (float)Weight(kernel, Math.Abs(first + k + 0.5 - centre) / stretch);
            for (var k = 0; k < weights.Length; k++)
                weights[k] = sum > 0 ? (float)(weights[k] / sum) : 1f / weights.Length;
            all[i] = new(Math.Min(first, from - weights.Length), weights);
        }
        return all;
    }

    /// <summary>Evaluates the kernel: a triangle, or Keys' cubic with a = -1/2 (Catmull-Rom).</summary>
    private static double Weight(ResampleKernel kernel, double x) => kernel switch
    {
        ResampleKernel.Triangle => Math.Max(0, 1 - x),
        _ when x < 1 => (1.5 * x - 2.5) * x * x + 1,
        _ when x < 2 => ((-0.5 * x + 2.5) * x - 4) * x + 2,
        _ => 0,
    };
}
