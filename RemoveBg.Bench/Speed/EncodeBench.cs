using System.Diagnostics;
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

/// <summary>What an encoder's settings cost and bring: time, size and PSNR of what is visible, on cut-outs of real photos and of large made ones.</summary>
internal sealed class EncodeBench(string model, int runs, IReadOnlyList<string> sets)
{
    private static readonly (string Name, Action<Photo, Stream> Write)[] Ways =
    [
        ("WebP: Skia, lossy 90", Skia(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, 90))),
        ("WebP: Skia's colour, our alpha", (photo, target) => WebpFile.Write(photo, 90, target, LossyColour.BySkia)),
        ("WebP: libvips' colour, our alpha", (photo, target) => WebpFile.Write(photo, 90, target, LossyColour.ByVips)),
        .. new[] { 1, 2, 3, 4, 5, 6 }.Select(level => ($"PNG: up, our bands, level {level}", Ours(level))),
        ("PNG: Skia, all filters, level 6", Skia(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 6))),
        ("PNG: Skia, all filters, level 3", Skia(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 3))),
        .. new[] { 1, 2, 3, 4, 5, 6 }.Select(level => ($"PNG: Skia, up, level {level}", Skia(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Up, level)))),
        .. new[] { 1, 3, 4, 6 }.Select(level => ($"PNG: Skia, sub, level {level}", Skia(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Sub, level)))),
        .. new[] { 1, 3, 6 }.Select(level => ($"PNG: Skia, Paeth, level {level}", Skia(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Paeth, level)))),
    ];

    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(string? json)
    {
        using var segmenter = Bench.Load(model);
        using var tensors = segmenter.CreateTensors();
        List<(string Name, byte[][] Photos)> groups = [.. sets.Select(set => (Path.GetFileName(set), Directory.GetFiles(Path.Combine(set, "images")).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToArray()))];
        groups.Add(("made, 0.7 MP", [MadePhoto.Jpeg(0.7)]));
        groups.Add(("made, 12 MP", [MadePhoto.Jpeg(12)]));
        groups.Add(("made, 12 MP, grain", [MadePhoto.Jpeg(12, grain: 6)]));

        var rows = new List<Row>();
        foreach (var (name, files) in groups)
        {
            var cutOuts = files.Select(file =>
            {
                using var target = new MemoryStream();
                _pipeline.Run(file, OutputFormat.Png, segmenter, tensors, target, CancellationToken.None);
                return target.ToArray();
            }).ToArray();
            foreach (var way in Ways)
            {
                var measured = AnsiConsole.Status().Start($"{name}, {way.Name}", _ => cutOuts.Select(cutOut => Measure(cutOut, way.Write)).ToList());
                rows.Add(new(name, way.Name, measured.Sum(it => it.Ms), measured.Sum(it => it.Bytes), measured.Average(it => it.Psnr)));
            }
        }

        var table = new Table().AddColumns("pictures", "way", "ms", "bytes", "PSNR dB");
        foreach (var row in rows) table.AddRow(row.Pictures, row.Way, $"{row.Ms:0}", $"{row.Bytes:N0}", row.Psnr is { } psnr ? $"{psnr:0.0}" : "exact");
        AnsiConsole.Write(table);
        Bench.Write(json, new { encoders = rows });
        return 0;
    }

    private (double Ms, long Bytes, double? Psnr) Measure(byte[] cutOut, Action<Photo, Stream> write)
    {
        var times = new List<double>();
        using var target = new MemoryStream();
        for (var run = 0; run < runs; run++)
        {
            // Each way gets a fresh picture: WebP changes what is invisible.
            using var photo = Decode.Run(cutOut, new()).Photo;
            target.SetLength(0);
            var start = Stopwatch.GetTimestamp();
            write(photo, target);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return (Bench.Median(times), target.Length, Psnr(cutOut, target.ToArray()));
    }

    /// <returns>Null when nothing that is visible differs.</returns>
    private static double? Psnr(byte[] before, byte[] after)
    {
        using Photo was = Decode.Run(before, new()).Photo, @is = Decode.Run(after, new()).Photo;
        var (sum, count) = (0.0, 0L);
        for (var y = 0; y < was.Height; y++)
        {
            Span<uint> left = was.Row(y), right = @is.Row(y);
            for (var x = 0; x < left.Length; x++)
            {
                if (left[x] >> 24 != right[x] >> 24) throw new InvalidOperationException("The encoder changed the alpha.");
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

    private static Action<Photo, Stream> Skia(object options) => (photo, target) => SkiaEncode.Run(photo, options, target);

    private sealed record Row(string Pictures, string Way, double Ms, long Bytes, double? Psnr);
}
