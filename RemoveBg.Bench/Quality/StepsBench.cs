using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Matting;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.Bench.Quality;

/// <summary>Measures what each optional step adds: mattes of the whole pipeline, and the same without one step, per
/// network and set.</summary>
internal sealed class StepsBench(IReadOnlyList<string> models, IReadOnlyList<string> sets, string sheets)
{
    public const string All = "all";

    private static readonly Variant[] Variants =
    [
        new(All, true, true, true), new("no flip", false, true, true), new("no padded", true, false, true),
        new("no refine", true, true, false), new("one run", false, false, true), new("none", false, false, false),
    ];

    private readonly Dictionary<string, List<StepChange>> _changes = [];

    public int Run(string? json)
    {
        List<EvalSet> all;
        try
        {
            all = [.. sets.Select(EvalSet.Open)];
        }
        catch (InvalidDataException problem)
        {
            AnsiConsole.WriteLine(problem.Message);
            return 1;
        }
        var figures = new List<StepFigures>();
        AnsiConsole.Progress().Start(bars =>
        {
            foreach (var model in models)
            {
                _changes.Clear();
                using var segmenter = Bench.Load(model);
                using var tensors = segmenter.CreateTensors();
                foreach (var set in all)
                {
                    var bar = bars.AddTask($"{model}, {set.Name}", maxValue: set.Pairs.Count);
                    var images = new List<StepImage>();
                    foreach (var pair in set.Pairs)
                    {
                        images.Add(Measure(pair, segmenter, tensors));
                        bar.Increment(1);
                    }
                    figures.Add(new(model, set.Name, images));
                    Bench.Write(json, figures);
                }
                SaveSheets(model);
            }
        });
        Show(figures);
        return 0;
    }

    private void SaveSheets(string model)
    {
        foreach (var (step, changes) in _changes)
        {
            using var sheet = new ContactSheet();
            foreach (var it in changes)
            {
                using var photo = Read(it.Pair.Photo);
                using var mask = Read(it.Pair.Mask);
                sheet.Add(photo, Plane.Grey(mask), it.Without, it.All);
                AnsiConsole.WriteLine($"{model} {step} {it.Pair.Name} {it.Change:+0.000;-0.000}");
            }
            sheet.Save(Path.Combine(sheets, $"steps-{model}-{step.Replace(' ', '-')}.png"));
        }
    }

    private StepImage Measure(EvalPair pair, Segmenter segmenter, Tensors tensors)
    {
        using var photo = Read(pair.Photo);
        using var maskImage = Read(pair.Mask);
        var truth = Plane.Grey(maskImage);
        PrepareTensor.Run(photo, tensors, segmenter.Model.Entry);
        segmenter.Run(tensors);
        var first = tensors.Output.ToArray();
        var uncertainty = Uncertainty.Of(first);
        var flipped = first;
        if (uncertainty > segmenter.FlipLimit)
        {
            FlipInference.Run(segmenter, tensors);
            flipped = tensors.Output.ToArray();
        }
        var isFlipped = uncertainty > segmenter.FlipLimit;
        var flippedPadded = Padded(flipped);
        var padded = isFlipped ? Padded(first) : flippedPadded;
        using var grid = Core.Matting.Grid.Of(photo);
        var done = new Dictionary<(float[], bool), (Score Score, Plane Alpha)>();
        var planes = new Dictionary<string, Plane>();
        var scores = Variants.ToDictionary(it => it.Name, it =>
        {
            var alpha = it.Flips ? it.Pads ? flippedPadded : flipped : it.Pads ? padded : first;
            if (!done.TryGetValue((alpha, it.Refines), out var result))
            {
                var plane = Cut(alpha, it.Refines);
                done[(alpha, it.Refines)] = result = (Scores.Of(plane, truth), plane);
            }
            planes[it.Name] = result.Alpha;
            return result.Score;
        });
        foreach (var it in Variants.Skip(1))
        {
            if (!_changes.TryGetValue(it.Name, out var most)) _changes[it.Name] = most = [];
            most.Add(new(pair, scores[All].Iou - scores[it.Name].Iou, planes[it.Name], planes[All]));
            if (most.Count > 14) most.Remove(most.MinBy(change => Math.Abs(change.Change))!);
        }
        return new(pair.Name, uncertainty, isFlipped, !ReferenceEquals(padded, first),
            !padded.AsSpan().SequenceEqual(first), scores);

        float[] Padded(float[] alpha)
        {
            alpha.CopyTo(tensors.Output);
            if (!segmenter.PaddedInference || !PaddedInference.IsWorthwhile(tensors)) return alpha;
            PaddedInference.Run(photo, segmenter, tensors);
            return tensors.Output.ToArray();
        }

        Plane Cut(float[] alpha, bool refines)
        {
            alpha.CopyTo(tensors.Output);
            if (refines) RefineMask.Run(tensors, uncertainty > Uncertainty.Much);
            using var matte = Matte.Run(tensors, grid);
            using var colours = ForegroundColours.Run(grid, matte.OnGrid);
            using var cutOut = new Photo(photo.Width, photo.Height, photo.IsOpaque);
            for (var y = 0; y < photo.Height; y++) photo.Row(y).CopyTo(cutOut.Row(y));
            Compose.Run(cutOut, matte, colours);
            return Plane.Alpha(cutOut);
        }
    }

    private static void Show(IReadOnlyList<StepFigures> figures)
    {
        var table = new Table().AddColumns("model", "set", "photos", "step", "IoU", "± se", "median", "MAE", "± se",
            "band SAD", "band grad");
        foreach (var it in figures)
            foreach (var step in Variants.Skip(1).Select(variant => variant.Name))
            {
                var (iou, error) = it.Added(step, score => score.Iou);
                var (mae, maeError) = it.Added(step, score => score.Mae);
                table.AddRow(it.Model, it.Set, $"{it.Images.Count}", step, $"{iou:+0.0000;-0.0000}", $"{error:0.0000}",
                    $"{Bench.Median(it.Changes(step, score => score.Iou)):+0.0000;-0.0000}",
                    $"{mae:+0.0000;-0.0000}", $"{maeError:0.0000}",
                    $"{it.Share(step, score => score.BandSad):+0 %;-0 %}",
                    $"{it.Share(step, score => score.BandGrad):+0 %;-0 %}");
            }
        AnsiConsole.Write(table);
    }

    private static Photo Read(string file)
    {
        var (photo, orientation) = Decode.Run(File.ReadAllBytes(file), new());
        return Orient.Run(photo, orientation);
    }

    private sealed record StepChange(EvalPair Pair, double Change, Plane Without, Plane All);

    private sealed record Variant(string Name, bool Flips, bool Pads, bool Refines);
}

/// <summary>Scores of one image by variant.</summary>
/// <param name="Uncertainty">Uncertainty of the first run.</param>
/// <param name="IsFlipped">Whether the network also ran on the mirror image.</param>
/// <param name="IsPadded">Whether it also ran on the padded photo.</param>
/// <param name="PaddingKept">Whether that changed the mask.</param>
internal sealed record StepImage(string Name, double Uncertainty, bool IsFlipped, bool IsPadded, bool PaddingKept,
    IReadOnlyDictionary<string, Score> Scores);

/// <summary>Scores of one network on one set.</summary>
internal sealed record StepFigures(string Model, string Set, IReadOnlyList<StepImage> Images)
{
    /// <summary>Returns each image's score with all steps minus that without one.</summary>
    public IReadOnlyList<double> Changes(string without, Func<Score, double> of) =>
        [.. Images.Select(it => of(it.Scores[StepsBench.All]) - of(it.Scores[without]))];

    /// <summary>Returns the mean of <see cref="Changes"/> and its standard error.</summary>
    public (double Mean, double Error) Added(string without, Func<Score, double> of)
    {
        var changes = Changes(without, of);
        var mean = changes.Average();
        var variance = changes.Sum(it => (it - mean) * (it - mean)) / Math.Max(1, changes.Count - 1);
        return (mean, Math.Sqrt(variance / changes.Count));
    }

    /// <summary>Returns the change of the sum over all images, as a share of it.</summary>
    public double Share(string without, Func<Score, double> of)
    {
        var sum = Images.Sum(it => of(it.Scores[without]));
        return sum == 0 ? 0 : Images.Sum(it => of(it.Scores[StepsBench.All])) / sum - 1;
    }
}
