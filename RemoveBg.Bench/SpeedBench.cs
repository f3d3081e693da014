using System.Diagnostics;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process.Model;
using RemoveBg.Core.Process.Pipeline;
using SkiaSharp;
using Spectre.Console;

namespace RemoveBg.Bench;

/// <summary>The pipeline against its floor: SKCodec decode, bare inference and Skia encode of the very same picture, run in turn.</summary>
internal sealed class SpeedBench(string model, int runs)
{
    private static readonly double[] Megapixels = [0.7, 12];
    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(string? json)
    {
        using var segmenter = Bench.Load(model);
        using var tensors = new Tensors(segmenter.Model.Entry.Size);
        var cases = new List<SpeedCase>();
        foreach (var megapixels in Megapixels)
        {
            var file = MakeJpeg(megapixels);
            foreach (var format in new[] { OutputFormat.Webp, OutputFormat.Png })
                cases.Add(AnsiConsole.Status().Start($"{megapixels} MP to {format.Word()}", _ => Measure(file, megapixels, format, segmenter, tensors)));
        }

        var table = new Table().AddColumns("MP", "out", "total ms", "floor ms", "ratio", "bytes", "steps");
        foreach (var it in cases)
            table.AddRow($"{it.Megapixels}", it.Out, $"{it.TotalMs:0}", $"{it.FloorMs:0}", $"{it.Ratio:0.00}", $"{it.OutBytes:N0}", string.Join(", ", it.Steps.Select(step => $"{step.Key} {step.Value:0}")));
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"Network {segmenter.Model.Entry.Name}, {Environment.ProcessorCount} cores, median of {runs}");
        Bench.Write(json, new { cases });
        return 0;
    }

    private SpeedCase Measure(byte[] file, double megapixels, OutputFormat format, Segmenter segmenter, Tensors tensors)
    {
        var totals = new List<double>();
        var floors = new List<double>();
        var steps = new List<IReadOnlyList<(string Name, TimeSpan Time)>>();
        using var target = new MemoryStream();
        for (var run = 0; run <= runs; run++)
        {
            target.SetLength(0);
            var start = Stopwatch.GetTimestamp();
            var done = _pipeline.Run(file, format, segmenter, tensors, target, CancellationToken.None);
            var total = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var floor = Floor(file, target.ToArray(), format, segmenter, tensors);
            // The first run warms up.
            if (run == 0) continue;
            totals.Add(total);
            floors.Add(floor);
            steps.Add(done.Steps);
        }
        var (t, f) = (Bench.Median(totals), Bench.Median(floors));
        return new(megapixels, "jpeg", format.Word(), t, f, t / f, target.Length,
            steps[0].Select((step, i) => (step.Name, Ms: Bench.Median(steps.Select(run => run[i].Time.TotalMilliseconds)))).ToDictionary(step => step.Name, step => step.Ms));
    }

    private static unsafe double Floor(byte[] file, byte[] cutOut, OutputFormat format, Segmenter segmenter, Tensors tensors)
    {
        // What the encoder gets is the finished cut-out; decoding it back is not part of the floor.
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
        Encode.Run(photo, format, encoded);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static byte[] MakeJpeg(double megapixels)
    {
        using var codec = SKCodec.Create(Path.Combine(Bench.Root, "samples", "scene-mug.jpg"));
        using var original = SKBitmap.Decode(codec);
        var scale = Math.Sqrt(megapixels * 1e6 / (original.Width * (double)original.Height));
        using var resized = original.Resize(new SKImageInfo((int)(original.Width * scale), (int)(original.Height * scale)), new SKSamplingOptions(SKCubicResampler.Mitchell));
        using var data = resized.Encode(SKEncodedImageFormat.Jpeg, 92);
        return data.ToArray();
    }

    private sealed record SpeedCase(
        double Megapixels, string In, string Out, double TotalMs, double FloorMs, double Ratio, long OutBytes, Dictionary<string, double> Steps);
}
