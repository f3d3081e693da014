using System.Diagnostics;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process.Model;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>A finished cut-out.</summary>
/// <param name="Steps">Name and time of each step, in order.</param>
public sealed record CutOut(int Width, int Height, string ContentType, IReadOnlyList<(string Name, TimeSpan Time)> Steps);

/// <summary>
/// The picture's way: decode, orient, prepare, infer, settle, grid, matte, foreground, compose, encode. One file a step, named as here.
/// </summary>
public sealed class CutOutPipeline(IOptions<ImageOptions> limits)
{
    /// <summary>Pixels from which on the runtime's working memory (some 300 MB) is given back before encoding, which needs as much again.</summary>
    private const long LargePhoto = 8_000_000;

    /// <param name="file">JPEG, PNG, WebP, GIF or BMP.</param>
    /// <param name="target">Receives PNG or WebP, as large as the upright input.</param>
    /// <exception cref="ArtworkFailedException">The picture is at fault: unsupported_format, image_corrupt or image_too_many_pixels.</exception>
    public CutOut Run(ReadOnlyMemory<byte> file, OutputFormat format, Segmenter segmenter, Tensors tensors, Stream target, CancellationToken cancel)
    {
        var steps = new List<(string, TimeSpan)>(8);
        var (decoded, orientation) = Step("decode", () => Decode.Run(file, limits.Value));
        using var stored = decoded;
        using var photo = Step("orient", () => Orient.Run(decoded, orientation));
        Do("prepare", () => PrepareTensor.Run(photo, tensors, segmenter.Model.Entry));
        Do("infer", () => segmenter.Run(tensors, returnMemory: photo.PixelCount > LargePhoto));
        Do("settle", () => Settle.Run(tensors));
        using (var grid = Step("grid", () => Grid.Of(photo)))
        using (var matte = Step("matte", () => Matte.Run(tensors, grid)))
        using (var colours = Step("foreground", () => ForegroundColours.Run(grid, matte.OnGrid)))
            Do("compose", () => Compose.Run(photo, matte, colours));
        var contentType = Step("encode", () => Encode.Run(photo, format, target));
        return new(photo.Width, photo.Height, contentType, steps);

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
