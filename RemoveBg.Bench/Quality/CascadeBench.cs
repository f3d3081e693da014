using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.Bench.Quality;

/// <summary>What a cascade gives at each limit of doubt: mean IoU against mean milliseconds of inference, beside the
/// straight line between its two networks (which a coin instead of the doubt would give).</summary>
internal sealed class CascadeBench(IReadOnlyList<string> sets)
{
    private static readonly double[] Limits =
        [double.PositiveInfinity, 2, 1.5, 1, 0.75, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, -1];
    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(string? json)
    {
        using var cascade = Bench.Load(ModelCatalog.Cascade);
        if (cascade.Larger is not { } larger)
        {
            AnsiConsole.WriteLine("A cascade needs two networks; only one is here.");
            return 1;
        }
        var pairs = (sets.Count > 0 ? sets : [Path.Combine(Bench.Shared, "eval", "ecssd200")])
            .SelectMany(folder => EvalSet.Open(folder).Pairs).ToList();
        using var small = Bench.Load(cascade.Model.Entry.Name);
        using var tensors = small.CreateTensors();
        using var largerTensors = larger.CreateTensors();
        var runs = new List<(OneRun Small, OneRun Large)>();
        AnsiConsole.Progress().Start(bars =>
        {
            var bar = bars.AddTask($"{small.Model.Entry.Name} and {larger.Model.Entry.Name}", maxValue: pairs.Count);
            foreach (var pair in pairs)
            {
                runs.Add((Measure(pair, small, tensors), Measure(pair, larger, largerTensors)));
                bar.Increment(1);
            }
        });

        var points = Limits.Select(limit => At(limit, runs)).ToList();
        var table =
            new Table().AddColumns("doubt limit", "asked the larger", "mean ms", "mean IoU", "line", "above it by");
        foreach (var it in points)
        {
            var line = points[0].MeanIoU + (points[^1].MeanIoU - points[0].MeanIoU) * (it.MeanMs - points[0].MeanMs)
                / (points[^1].MeanMs - points[0].MeanMs);
            table.AddRow($"{it.Limit}", $"{it.Asked:P0}", $"{it.MeanMs:0}", $"{it.MeanIoU:0.000}", $"{line:0.000}",
                $"{it.MeanIoU - line:+0.000;-0.000;0}");
        }
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"{small.Model.Entry.Name}, where it is "
            + $"unsure {larger.Model.Entry.Name}; {pairs.Count} photos; milliseconds of prepare and infer");
        Bench.Write(json, new { small = small.Model.Entry.Name, larger = larger.Model.Entry.Name,
            points = points.Where(it => double.IsFinite(it.Limit)) });
        return 0;
    }

    private OneRun Measure(EvalPair pair, Segmenter segmenter, Tensors tensors)
    {
        var file = File.ReadAllBytes(pair.Photo);
        using var stream = new MemoryStream();
        var done = _pipeline.Run(new(file, OutputFormat.Png, segmenter, tensors, stream), CancellationToken.None);
        using var cutOut = Decode.Run(stream.ToArray(), new()).Photo;
        using var mask = Decode.Run(File.ReadAllBytes(pair.Mask), new()).Photo;
        return new(Scores.Of(Plane.Alpha(cutOut), Plane.Grey(mask)).Iou, FirstDoubt(file, segmenter, tensors),
            Ms("prepare", "infer"), Ms("infer mirrored", "infer with a margin"));

        double Ms(params string[] names) =>
            done.Steps.Where(step => names.Contains(step.Name)).Sum(step => step.Time.TotalMilliseconds);
    }

    /// <summary>What decides whether the larger network is asked: before another look.</summary>
    private static double FirstDoubt(byte[] file, Segmenter segmenter, Tensors tensors)
    {
        var (decoded, orientation) = Decode.Run(file, new());
        using var stored = decoded;
        using var photo = Orient.Run(decoded, orientation);
        PrepareTensor.Run(photo, tensors, segmenter.Model.Entry);
        segmenter.Run(tensors);
        return Uncertainty.Of(tensors.Output);
    }

    private static Point At(double limit, IReadOnlyList<(OneRun Small, OneRun Large)> runs)
    {
        var asked = runs.Select(run => run.Small.Doubt > limit).ToList();
        // At the end of the line the larger network is asked alone.
        return new(limit, asked.Count(it => it) / (double)runs.Count,
            runs.Select((run, i) => (limit < 0 ? 0 : run.Small.Ms)
                + (asked[i] ? run.Large.Ms + run.Large.SecondMs : run.Small.SecondMs)).Average(),
            runs.Select((run, i) => asked[i] ? run.Large.Iou : run.Small.Iou).Average());
    }

    private sealed record OneRun(double Iou, double Doubt, double Ms, double SecondMs);

    private sealed record Point(double Limit, double Asked, double MeanMs, double MeanIoU);
}
