using System.Diagnostics;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;
using SkiaSharp;
using Spectre.Console;

namespace RemoveBg.Bench.Speed;

/// <summary>Compares the pipeline with a baseline: SKCodec decode, bare inference and Skia encode of the same image,
/// run alternately. Peak memory is measured in a separate process per case.</summary>
/// <param name="model">Name of the network.</param>
/// <param name="runs">Runs of each case; the median counts.</param>
/// <param name="sizes">Megapixels of the generated photos.</param>
/// <param name="save">Folder that keeps the photos; null for none.</param>
internal sealed class SpeedBench(string model, int runs, IReadOnlyList<double> sizes, string? save)
{
    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(string? json)
    {
        using var segmenter = Bench.Load(model);
        using var tensors = segmenter.CreateTensors();
        var folder = save ?? Directory.CreateTempSubdirectory("removebg-speed").FullName;
        Directory.CreateDirectory(folder);
        var cases = new List<SpeedCase>();
        foreach (var megapixels in sizes)
        {
            var file = Path.Combine(folder, FormattableString.Invariant($"speed-{megapixels}mp.jpg"));
            File.WriteAllBytes(file, GeneratedPhoto.Jpeg(megapixels));
            foreach (var format in new[] { OutputFormat.Webp, OutputFormat.Png })
                cases.Add(AnsiConsole.Status().Start($"{megapixels} MP to {format.Word()}",
                    _ => Measure(file, megapixels, format, segmenter, tensors)));
        }
        if (save is null) Directory.Delete(folder, recursive: true);

        var table = new Table()
            .AddColumns("MP", "out", "total ms", "baseline ms", "total / baseline", "peak MB", "bytes",
                "where the time goes");
        foreach (var it in cases)
            table.AddRow($"{it.Megapixels}", it.Out,
                $"{it.TotalMs:0}", $"{it.FloorMs:0}", $"{it.Ratio:0.00}", $"{it.PeakRssMb:0}", $"{it.OutBytes:N0}",
                string.Join(", ", it.Steps.Select(step => $"{step.Key} {step.Value:0}")));
        Bench.Show(table);
        AnsiConsole.WriteLine(
            $"Model {segmenter.Model.Entry.Name}, {Environment.ProcessorCount} cores, median of {runs}");
        Bench.Write(json, new { cases });
        return 0;
    }

    private SpeedCase Measure(string inputFile, double megapixels, OutputFormat format, Segmenter segmenter,
        Tensors tensors)
    {
        var file = File.ReadAllBytes(inputFile);
        var totals = new List<double>();
        var baselines = new List<double>();
        var steps = new List<IReadOnlyList<(string Name, TimeSpan Time)>>();
        using var target = new MemoryStream();
        for (var run = 0; run <= runs; run++)
        {
            target.SetLength(0);
            var start = Stopwatch.GetTimestamp();
            var done = _pipeline.Run(new(file, format, segmenter, tensors, target), CancellationToken.None);
            var total = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            // A large photo's job releases memory that the next one must allocate again. Run the network around the
            // baseline, so that neither side pays for the other.
            segmenter.Run(tensors);
            var baseline = Baseline(file, target.ToArray(), format, segmenter, tensors);
            segmenter.Run(tensors, returnMemory: megapixels * 1e6 > SegmentSubject.LargePhoto);
            // The first run warms up.
            if (run == 0) continue;
            totals.Add(total);
            baselines.Add(baseline);
            steps.Add(done.Steps);
        }
        var (t, f) = (Bench.Median(totals), Bench.Median(baselines));
        return new(megapixels, "jpeg", format.Word(), inputFile, t, f, t / f,
            PeakMemory.InChild(model, inputFile, format), target.Length,
            steps[0]
                .Select((step, i) => (step.Name, Ms: Bench.Median(steps.Select(run => run[i].Time.TotalMilliseconds))))
                .ToDictionary(step => step.Name, step => step.Ms));
    }

    private static unsafe double Baseline(byte[] file, byte[] cutOut, OutputFormat format, Segmenter segmenter,
        Tensors tensors)
    {
        // The encoder needs the finished cut-out; decoding that is not part of the baseline.
        using var result = SKCodec.Create(new MemoryStream(cutOut));
        var info = new SKImageInfo(result.Info.Width, result.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        using var photo = new Photo(info.Width, info.Height, isOpaque: false);
        result.GetPixels(info, (nint)photo.Pixels);

        var start = Stopwatch.GetTimestamp();
        using (var codec = SKCodec.Create(new MemoryStream(file)))
        using (var decoded = new Photo(info.Width, info.Height, isOpaque: true))
            codec.GetPixels(info, (nint)decoded.Pixels);
        segmenter.Run(tensors);
        using var encoded = new MemoryStream();
        SkiaEncode.Run(photo, format, encoded);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private sealed record SpeedCase(
        double Megapixels, string In, string Out, string InputFile, double TotalMs, double FloorMs, double Ratio,
            double? PeakRssMb, long OutBytes, Dictionary<string, double> Steps);
}
