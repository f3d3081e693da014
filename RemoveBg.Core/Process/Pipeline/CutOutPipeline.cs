using System.Diagnostics;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process.Model;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>A finished cut-out.</summary>
/// <param name="Model">The network that made the matte; in a cascade the one that had the last word.</param>
/// <param name="Confidence">From 0 (all haze) to 1 (no doubt), of that network about itself: see <see cref="Doubt"/>.</param>
/// <param name="Steps">Name and time of each step, in order.</param>
public sealed record CutOut(int Width, int Height, string ContentType, string Model, double Confidence, IReadOnlyList<(string Name, TimeSpan Time)> Steps);

/// <summary>
/// The picture's way: decode, orient, prepare, infer, settle, grid, matte, foreground, compose, encode. One file a step, named as here.
/// </summary>
public sealed class CutOutPipeline(IOptions<ImageOptions> limits)
{
    /// <summary>Pixels from which on the runtime's working memory (some 300 MB) is given back before encoding, which needs as much again.</summary>
    internal const long LargePhoto = 8_000_000;

    static CutOutPipeline() => NativeHeap.GiveLargeBlocksBack();

    /// <param name="file">JPEG, PNG, WebP, GIF or BMP.</param>
    /// <param name="target">Receives PNG or WebP, as large as the upright input.</param>
    /// <exception cref="ArtworkFailedException">The picture is at fault: unsupported_format, image_corrupt or image_too_many_pixels.</exception>
    public CutOut Run(ReadOnlyMemory<byte> file, OutputFormat format, Segmenter segmenter, Tensors tensors, Stream target, CancellationToken cancel)
    {
        var steps = new List<(string, TimeSpan)>(8);
        var (decoded, orientation) = Step("decode", () => Decode.Run(file, limits.Value));
        using var stored = decoded;
        using var photo = Step("orient", () => Orient.Run(decoded, orientation));
        var doubt = Infer("");
        if (segmenter.Larger is { } larger && doubt > segmenter.DoubtLimit)
        {
            (segmenter, tensors) = (larger, tensors.Larger!);
            doubt = Infer(" larger");
        }
        Do("settle", () => Settle.Run(tensors));
        using (var grid = Step("grid", () => Grid.Of(photo)))
        using (var matte = Step("matte", () => Matte.Run(tensors, grid)))
        using (var colours = Step("foreground", () => ForegroundColours.Run(grid, matte.OnGrid)))
            Do("compose", () => Compose.Run(photo, matte, colours));
        var contentType = Step("encode", () => Encode.Run(photo, format, target));
        return new(photo.Width, photo.Height, contentType, segmenter.Model.Entry.Name, Doubt.ToConfidence(doubt), steps);

        double Infer(string which)
        {
            Do("prepare" + which, () => PrepareTensor.Run(photo, tensors, segmenter.Model.Entry));
            Do("infer" + which, () => segmenter.Run(tensors, returnMemory: photo.PixelCount > LargePhoto));
            return Doubt.Of(tensors.Output);
        }

        // Native code cannot be interrupted, so the deadline is looked at between the steps.
        T Step<T>(string name, Func<T> step)
        {
            cancel.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            var result = step();
            steps.Add((name, Stopwatch.GetElapsedTime(start)));
            return result;
        }

        void Do(string name, Action step) => Step<object?>(name, () =>
        {
            step();
            return null;
        });
    }
}
