using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Segmentation;
using SkiaSharp;
using Spectre.Console;

namespace RemoveBg.Bench.Training;

/// <summary>Writes training labels: a larger network's alpha, averaged over the photo and its mirror image, as a grey
/// PNG per photo. Skips labelled photos, so that an interrupted run resumes.</summary>
internal sealed class LabelPhotos(string model, string photos, string labels)
{
    /// <summary>Maximum alpha below which a photo counts as empty and gets no label.</summary>
    private const float LeastMaximum = 0.6f;

    public int Run()
    {
        if (!Directory.Exists(photos))
        {
            AnsiConsole.MarkupLineInterpolated($"--photos: folder {photos} not found.");
            return 1;
        }
        Directory.CreateDirectory(labels);
        using var segmenter = Bench.Load(model);
        using var tensors = segmenter.CreateTensors();
        var files = Directory.EnumerateFiles(photos)
            .Where(file => Path.GetExtension(file).ToLowerInvariant() is ".jpg" or ".jpeg" or ".png" or ".webp")
            .Order(StringComparer.Ordinal).ToList();
        int labelled = 0, empty = 0, unreadable = 0;
        AnsiConsole.Progress().Start(context =>
        {
            var task = context.AddTask("Labels", maxValue: files.Count);
            foreach (var file in files)
            {
                var label = Path.Combine(labels, Path.GetFileNameWithoutExtension(file) + ".png");
                if (!File.Exists(label))
                    try
                    {
                        if (Label(file, label, segmenter, tensors)) labelled++;
                        else empty++;
                    }
                    catch (ArtworkFailedException problem)
                    {
                        unreadable++;
                        AnsiConsole.MarkupLineInterpolated($"{file}: {problem.Message}");
                    }
                task.Increment(1);
            }
        });
        var name = segmenter.Model.Entry.Name;
        AnsiConsole.MarkupLineInterpolated(
            $"{labelled} labelled by {name}, {empty} skipped as empty, {unreadable} unreadable.");
        return 0;
    }

    private static bool Label(string file, string label, Segmenter segmenter, Tensors tensors)
    {
        var (decoded, orientation) = Decode.Run(File.ReadAllBytes(file), new ImageOptions());
        using var photo = Orient.Run(decoded, orientation);
        PrepareTensor.Run(photo, tensors, segmenter.Model.Entry);
        segmenter.Run(tensors);
        var alpha = tensors.Output.ToArray();
        var (width, height) = (tensors.Width, tensors.Height);

        for (var row = 0; row < 3 * height; row++) tensors.Input.Slice(row * width, width).Reverse();
        segmenter.Run(tensors);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                alpha[y * width + x] = (alpha[y * width + x] + tensors.Output[y * width + width - 1 - x]) / 2;
        var highest = alpha.Max();
        if (highest < LeastMaximum) return false;

        using var grey = new SKBitmap(new(width, height, SKColorType.Gray8, SKAlphaType.Opaque));
        unsafe
        {
            var to = (byte*)grey.GetPixels();
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++)
                    to[y * grey.RowBytes + x] = (byte)(alpha[y * width + x] / highest * 255 + 0.5f);
        }
        var written = label + ".part";
        using (var target = File.Create(written)) grey.Encode(target, SKEncodedImageFormat.Png, 100);
        File.Move(written, label);
        return true;
    }
}
