using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.Bench.Quality;

/// <summary>Compares whole cut-outs, from file to file, with masks made by people. The baseline is the network's own
/// alpha, upscaled bilinearly.</summary>
internal sealed class QualityBench(string model, IReadOnlyList<string> sets, string sheets)
{
    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(string? json)
    {
        IReadOnlyList<string> folders = sets.Count > 0 ? sets : Directory.Exists(Path.Combine(Bench.Shared, "eval"))
            ? [.. Directory.GetDirectories(Path.Combine(Bench.Shared, "eval")).Order(StringComparer.Ordinal),
                Path.Combine(Bench.Shared, "samples")] : [];
        if (folders.Count == 0)
        {
            AnsiConsole.WriteLine("No set to measure. Use --set DIR (a folder with images/ and masks/), or set "
                + "REMOVEBG_SHARED to the folder of the shared test data.");
            return 1;
        }

        List<EvalSet> all;
        try
        {
            all = [.. folders.Select(EvalSet.Open)];
        }
        catch (InvalidDataException problem)
        {
            AnsiConsole.WriteLine(problem.Message);
            return 1;
        }

        using var segmenter = Bench.Load(model);
        using var tensors = segmenter.CreateTensors();
        var figures = new List<SetFigures>();
        AnsiConsole.Progress().Start(bars =>
        {
            foreach (var set in all)
            {
                var bar = bars.AddTask(set.Name, maxValue: set.Pairs.Count);
                figures.Add(Measure(set, segmenter, tensors, () => bar.Increment(1)));
            }
        });

        Show(figures);
        ShowSpread(figures);
        AnsiConsole.WriteLine($"Model {segmenter.Model.Entry.Name}; plain = its own alpha, upscaled bilinearly; "
            + $"band = unknown band of the true trimap; contact sheets: {sheets}");
        Bench.Write(json, new { sets = figures });
        return 0;
    }

    private SetFigures Measure(EvalSet set, Segmenter segmenter, Tensors tensors, Action done)
    {
        var (images, colours) = (new List<ImageFigures>(), new List<(double Estimated, double InputColours)>());
        using var sheet = new ContactSheet();
        for (var i = 0; i < set.Pairs.Count; i++)
        {
            var pair = set.Pairs[i];
            var file = File.ReadAllBytes(pair.Photo);
            using var photo = Read(file);
            using var maskImage = Read(File.ReadAllBytes(pair.Mask));
            if ((photo.Width, photo.Height) != (maskImage.Width, maskImage.Height))
                throw new InvalidDataException($"{pair.Mask} and {pair.Photo} differ in size.");
            var truth = Plane.Grey(maskImage);

            PrepareTensor.Run(photo, tensors, segmenter.Model.Entry);
            segmenter.Run(tensors);
            var plain = Upscale(tensors, photo);

            using var stream = new MemoryStream();
            _pipeline.Run(new(file, OutputFormat.Png, segmenter, tensors, stream), CancellationToken.None);
            using var cutOut = Read(stream.ToArray());
            images.Add(new(Path.GetFileNameWithoutExtension(pair.Photo), Scores.Of(Plane.Alpha(cutOut), truth),
                Scores.Of(plain, truth)));

            using var other = Read(File.ReadAllBytes(set.Pairs[(i + 1) % set.Pairs.Count].Photo));
            using var foreground = pair.Foreground is null ? null : Read(File.ReadAllBytes(pair.Foreground));
            if (ColourError.Of(photo, truth, foreground, other) is { } error) colours.Add(error);
            if (!sheet.IsFull) sheet.Add(photo, truth, plain, cutOut);
            done();
        }
        sheet.Save(Path.Combine(sheets, $"quality-{set.Name}.png"));
        return SetFigures.Of(set.Name, images, colours);
    }

    private static Plane Upscale(Tensors tensors, Photo photo) =>
        Plane.Resized(tensors.Output, tensors.Width, tensors.Height, photo.Width, photo.Height);

    private static void Show(IReadOnlyList<SetFigures> figures)
    {
        var table = new Table().AddColumns("set", "pairs", "", "mean IoU", "MAE", "SAD", "grad", "max F", "band SAD",
            "band grad", "colour error");
        foreach (var it in figures)
        {
            table.AddRow(it.Name, $"{it.Pairs}", "ours", $"{it.MeanIoU:0.000}", $"{it.Mae:0.000}",
                $"{it.Sad:0.00}", $"{it.Grad:0.00}", $"{it.MaxF:0.000}", $"{it.BandSad:0.00}", $"{it.BandGrad:0.00}",
                $"{it.CompositeError:0.000}");
            table.AddRow("", "", "plain", $"{it.Plain.MeanIoU:0.000}", $"{it.Plain.Mae:0.000}",
                $"{it.Plain.Sad:0.00}", $"{it.Plain.Grad:0.00}", $"{it.Plain.MaxF:0.000}", $"{it.Plain.BandSad:0.00}",
                $"{it.Plain.BandGrad:0.00}", $"{it.CompositeErrorInputColours:0.000}");
        }
        Bench.Show(table);
    }

    /// <summary>Prints 95 % intervals by bootstrap over the photos, and the change against the plain alpha.</summary>
    private static void ShowSpread(IReadOnlyList<SetFigures> figures)
    {
        var table = new Table().AddColumns("set", "mean IoU, 95 %", "MAE, 95 %", "SAD against plain",
            "its median photo", "gradient against plain", "its median photo");
        foreach (var it in figures.Where(it => it.Pairs > 1))
            table.AddRow([it.Name, $"{it.MeanIoUInterval[0]:0.000} to {it.MeanIoUInterval[1]:0.000}",
                $"{it.MaeInterval[0]:0.000} to {it.MaeInterval[1]:0.000}", .. it.FromPlain.Percentages]);
        Bench.Show(table);
    }

    private static Photo Read(byte[] file)
    {
        var (photo, orientation) = Decode.Run(file, new());
        return Orient.Run(photo, orientation);
    }
}
