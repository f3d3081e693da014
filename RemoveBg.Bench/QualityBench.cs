using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process.Model;
using RemoveBg.Core.Process.Pipeline;
using SkiaSharp;
using Spectre.Console;

namespace RemoveBg.Bench;

/// <summary>Whole cut-outs, from file to file, against masks that people made.</summary>
internal sealed class QualityBench(string model, IReadOnlyList<string> sets)
{
    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(string? json)
    {
        IReadOnlyList<string> folders = sets.Count > 0 ? sets : Directory.Exists(Path.Combine(Bench.Shared, "eval")) ? Directory.GetDirectories(Path.Combine(Bench.Shared, "eval")) : [];
        if (folders.Count == 0)
        {
            AnsiConsole.WriteLine("No set to measure: name a folder with images/ and masks/ by --set, or the test data's place by REMOVEBG_SHARED.");
            return 1;
        }

        using var segmenter = Bench.Load(model);
        using var tensors = new Tensors(segmenter.Model.Entry.Size);
        var figures = new List<SetFigures>();
        AnsiConsole.Progress().Start(bars =>
        {
            foreach (var folder in folders)
            {
                var masks = Directory.GetFiles(Path.Combine(folder, "masks")).Order(StringComparer.Ordinal).ToList();
                var bar = bars.AddTask(Path.GetFileName(folder), maxValue: masks.Count);
                var pairs = new List<(double Iou, double Mae)>();
                foreach (var mask in masks)
                {
                    pairs.Add(Compare(mask, Directory.GetFiles(Path.Combine(folder, "images"), Path.GetFileNameWithoutExtension(mask) + ".*").Single(), segmenter, tensors));
                    bar.Increment(1);
                }
                figures.Add(new(Path.GetFileName(folder), pairs.Count, pairs.Average(pair => pair.Iou), pairs.Average(pair => pair.Mae)));
            }
        });

        var table = new Table().AddColumns("set", "pairs", "mean IoU", "MAE");
        foreach (var it in figures) table.AddRow(it.Name, $"{it.Pairs}", $"{it.MeanIoU:0.000}", $"{it.Mae:0.000}");
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"Network {segmenter.Model.Entry.Name}");
        Bench.Write(json, new { sets = figures });
        return 0;
    }

    private unsafe (double Iou, double Mae) Compare(string maskFile, string photoFile, Segmenter segmenter, Tensors tensors)
    {
        using var stream = new MemoryStream();
        _pipeline.Run(File.ReadAllBytes(photoFile), OutputFormat.Png, segmenter, tensors, stream, CancellationToken.None);
        using Photo result = Read(stream.ToArray()), mask = Read(File.ReadAllBytes(maskFile));
        if ((result.Width, result.Height) != (mask.Width, mask.Height)) throw new InvalidDataException($"{maskFile} and {photoFile} differ in size.");

        long both = 0, any = 0;
        double error = 0;
        for (long i = 0; i < result.PixelCount; i++)
        {
            // Alpha of the cut-out; any colour channel of the grey mask.
            uint alpha = result.Pixels[i] >> 24, truth = mask.Pixels[i] & 0xFF;
            if (alpha >= 128 && truth >= 128) both++;
            if (alpha >= 128 || truth >= 128) any++;
            error += Math.Abs((int)alpha - (int)truth) / 255.0;
        }
        return (any == 0 ? 1 : both / (double)any, error / result.PixelCount);
    }

    private static Photo Read(byte[] file) => Decode.Run(file, new()).Photo;

    private sealed record SetFigures(string Name, int Pairs, double MeanIoU, double Mae);
}
