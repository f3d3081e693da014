using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.Bench.Quality;

/// <summary>Measures a cascade at several limits of uncertainty: mean IoU against mean milliseconds of inference. The
/// straight line between its two networks, which a random choice would give, is the baseline.</summary>
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
            AnsiConsole.WriteLine("A cascade needs two models; only one was found.");
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
            new Table().AddColumns("limit", "ran the larger", "mean ms", "mean IoU", "line", "above the line");
        foreach (var it in points)
        {
            var line = points[0].MeanIoU + (points[^1].MeanIoU - points[0].MeanIoU) * (it.MeanMs - points[0].MeanMs)
                / (points[^1].MeanMs - points[0].MeanMs);
            table.AddRow($"{it.Limit}", $"{it.Asked:P0}", $"{it.MeanMs:0}", $"{it.MeanIoU:0.000}", $"{line:0.000}",
                $"{it.MeanIoU - line:+0.000;-0.000;0}");
        }
        Bench.Show(table);
        AnsiConsole.WriteLine($"{small.Model.Entry.Name}, if uncertain {larger.Model.Entry.Name}; "
            + $"{pairs.Count} photos; milliseconds of prepare and infer");
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
        return new(Scores.Of(Plane.Alpha(cutOut), Plane.Grey(mask)).Iou, FirstUncertainty(file, segmenter, tensors),
            Ms("prepare", "infer"), Ms("infer mirrored", "infer with a margin"));

        double Ms(params string[] names) =>
            done.Steps.Where(step => names.Contains(step.Name)).Sum(step => step.Time.TotalMilliseconds);
    }

    /// <summary>Returns the uncertainty of the first run, which decides whether the larger network runs.</summary>
    private static double FirstUncertainty(byte[] file, Segmenter segmenter, Tensors tensors)
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
        var ranLarger = runs.Select(run => run.Small.Uncertainty > limit).ToList();
        // The last point is the larger network alone.
        return new(limit, ranLarger.Count(it => it) / (double)runs.Count,
            runs.Select((run, i) => (limit < 0 ? 0 : run.Small.Ms)
                + (ranLarger[i] ? run.Large.Ms + run.Large.FurtherMs : run.Small.FurtherMs)).Average(),
            runs.Select((run, i) => ranLarger[i] ? run.Large.Iou : run.Small.Iou).Average());
    }

    private sealed record OneRun(double Iou, double Uncertainty, double Ms, double FurtherMs);

    private sealed record Point(double Limit, double Asked, double MeanMs, double MeanIoU);
}
