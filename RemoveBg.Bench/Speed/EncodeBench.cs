using System.Buffers.Binary;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Imaging.Codecs.Png;
using RemoveBg.Core.Imaging.Codecs.Webp;
using SkiaSharp;
using Spectre.Console;

namespace RemoveBg.Bench.Speed;

/// <summary>
/// Measures time, size and PSNR of encoders and their settings, on cut-outs of real photos and of large generated ones.
/// </summary>
/// <remarks>
/// The encoders alternate within each run; each is timed alone and with one job per core at once.
/// </remarks>
/// <param name="model">Name of the network that makes the cut-outs.</param>
/// <param name="runs">Runs of each encoder; the median counts.</param>
/// <param name="sets">Folders of photos.</param>
/// <param name="sizes">Megapixels of the generated photos.</param>
internal sealed class EncodeBench(string model, int runs, IReadOnlyList<string> sets, IReadOnlyList<double> sizes)
{
    private static readonly (string Name, Action<Photo, Stream> Write)[] Encoders =
    [
        ("WebP: Skia, lossy 90", Skia(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, 90))),
        ("WebP: Skia's colour, our alpha", (photo, target) => WebpFile.Write(photo, 90, target, LossyColour.BySkia)),
        ("WebP: libvips' colour, our alpha", (photo, target) => WebpFile.Write(photo, 90, target, LossyColour.ByVips)),
        ("WebP: libvips whole, effort 2", VipsEncode.Webp),
        .. new[] { 2, 3, 5, 6 }.Select(level => ($"PNG: our bands, up, level {level}", Ours(level))),
        .. new[] { 2, 3, 5, 6 }.Select(level => ($"PNG: libvips whole, up, level {level}", VipsEncode.Png(level))),
        ("PNG: Skia, all filters, level 6", Skia(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 6))),
        ("PNG: Skia, up, level 4", Skia(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Up, 4))),
    ];

    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(string? json)
    {
        using var segmenter = Bench.Load(model);
        using var tensors = segmenter.CreateTensors();
        List<(string Name, byte[][] Photos)> groups =
        [
            .. sets.Select(set => (Path.GetFileName(set), ReadPhotos(set))),
            .. sizes.SelectMany(size => new[] { 0.0, 6 }.Select(grain => (
                FormattableString.Invariant($"generated, {size} MP{(grain > 0 ? ", grain" : "")}"),
                new[] { GeneratedPhoto.Jpeg(size, grain) }))),
        ];

        var rows = new List<Row>();
        foreach (var (name, files) in groups)
        {
            var measured = AnsiConsole.Status().Start(name, _ => files.Select(file =>
            {
                using var target = new MemoryStream();
                _pipeline.Run(new(file, OutputFormat.Png, segmenter, tensors, target), CancellationToken.None);
                return Measure(target.ToArray());
            }).ToList());
            for (var way = 0; way < Encoders.Length; way++)
            {
                var figures = measured.Select(it => it[way]).ToList();
                rows.Add(new(
                    name, Encoders[way].Name, figures.Sum(it => it.Ms), figures.Sum(it => it.AtOnceMs),
                        figures.Sum(it => it.Bytes),
                    figures.Sum(it => it.AlphaBytes), figures.Average(it => it.Psnr)));
            }
        }

        var table = new Table().AddColumns(
            "images", "encoder", "ms", "ms, a job per core", "bytes", "alpha bytes", "PSNR");
        foreach (var row in rows)
        {
            table.AddRow(
                row.Pictures, row.Way, $"{row.Ms:0}", $"{row.AtOnceMs:0}", $"{row.Bytes:N0}",
                row.AlphaBytes > 0 ? $"{row.AlphaBytes:N0}" : "", row.Psnr is { } psnr ? $"{psnr:0.0} dB" : "exact");
        }
        Bench.Show(table);
        Bench.Write(json, new { encoders = rows });
        return 0;
    }

    private static byte[][] ReadPhotos(string set) =>
        [.. Directory.GetFiles(Path.Combine(set, "images")).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private List<Figures> Measure(byte[] cutOut)
    {
        var alone = Encoders.Select(_ => new List<double>()).ToArray();
        var atOnce = Encoders.Select(_ => new List<double>()).ToArray();
        var files = new byte[Encoders.Length][];
        for (var run = -1; run < runs; run++)
        {
            for (var way = 0; way < Encoders.Length; way++)
            {
                var (ms, file) = Time(cutOut, Encoders[way].Write, jobs: 1);
                var (atOnceMs, _) = Time(cutOut, Encoders[way].Write, Environment.ProcessorCount);
                files[way] = file;
                // The first run warms up.
                if (run < 0) continue;
                alone[way].Add(ms);
                atOnce[way].Add(atOnceMs);
            }
        }
        return
        [
            .. files.Select((file, way) => new Figures(
                Bench.Median(alone[way]), Bench.Median(atOnce[way]), file.Length, AlphaBytes(file),
                    Psnr(cutOut, file))),
        ];
    }

    /// <summary>Runs an encoder in several jobs at once.</summary>
    /// <returns>Milliseconds until the last job is done, and the file that one of them wrote.</returns>
    private static (double Ms, byte[] File) Time(byte[] cutOut, Action<Photo, Stream> write, int jobs)
    {
        // Each job needs its own image: the WebP encoder changes invisible pixels.
        var photos = Enumerable.Range(0, jobs).Select(_ => Decode.Run(cutOut, new()).Photo).ToArray();
        var targets = photos.Select(_ => new MemoryStream()).ToArray();
        var ms = Bench.AtOnce(jobs, job => write(photos[job], targets[job]));
        foreach (var photo in photos) photo.Dispose();
        return (ms, targets[0].ToArray());
    }

    /// <returns>Length of a WebP file's ALPH chunk in bytes; 0 if it has none.</returns>
    private static int AlphaBytes(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith("RIFF"u8)) return 0;
        for (var at = 12; at < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]);
            if (file[at..].StartsWith("ALPH"u8)) return length;
            at += 8 + length + length % 2;
        }
        return 0;
    }

    /// <returns>PSNR of the visible pixels in dB; null if they are equal.</returns>
    private static double? Psnr(byte[] before, byte[] after)
    {
        using Photo was = Decode.Run(before, new()).Photo, @is = Decode.Run(after, new()).Photo;
        var (sum, count) = (0.0, 0L);
        for (var y = 0; y < was.Height; y++)
        {
            Span<uint> left = was.Row(y), right = @is.Row(y);
            for (var x = 0; x < left.Length; x++)
            {
                if (left[x] >> 24 != right[x] >> 24)
                    throw new InvalidOperationException("The encoder changed the alpha.");
                if (left[x] >> 24 == 0) continue;
                for (var shift = 0; shift < 24; shift += 8)
                {
                    var difference = (int)(left[x] >> shift & 255) - (int)(right[x] >> shift & 255);
                    sum += difference * difference;
                }
                count += 3;
            }
        }
        return sum == 0 ? null : 10 * Math.Log10(255 * 255 / (sum / count));
    }

    private static Action<Photo, Stream> Ours(int level) => (photo, target) => PngFile.Write(photo, target, level);

    private static Action<Photo, Stream> Skia(object options) =>
        (photo, target) => SkiaEncode.Run(photo, options, target);

    private sealed record Figures(double Ms, double AtOnceMs, long Bytes, long AlphaBytes, double? Psnr);

    private sealed record Row(
        string Pictures, string Way, double Ms, double AtOnceMs, long Bytes, long AlphaBytes, double? Psnr);
}
