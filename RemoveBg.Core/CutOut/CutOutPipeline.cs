using System.Diagnostics;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Layout;
using RemoveBg.Core.Matting;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>
/// The picture's way: decode, orient, prepare, infer (in doubt a second look), settle, grid, matte, foreground, compose, encode. One file a step, named as here.
/// What a caller wished beyond that comes between compose and encode, in <c>Layout/</c>.
/// </summary>
public sealed class CutOutPipeline(IOptions<ImageOptions> limits)
{
    /// <summary>Pixels from which on memory counts: the runtime's working memory (some 300 MB) is given back before encoding, which needs as much
    /// again, and the heap's free pages before the network runs.</summary>
    internal const long LargePhoto = 8_000_000;

    static CutOutPipeline() => NativeHeap.GiveLargeBlocksBack();

    /// <param name="file">JPEG, PNG, WebP, GIF or BMP.</param>
    /// <param name="target">Receives the result: without options as large as the upright input.</param>
    /// <param name="wanted">What else is asked for; null is nothing.</param>
    /// <param name="background">The file of a background picture, in the formats of <paramref name="file"/>.</param>
    /// <exception cref="ArtworkFailedException">The picture is at fault: unsupported_format, image_corrupt, image_too_many_pixels or no_foreground.</exception>
    public CutOutResult Run(
        ReadOnlyMemory<byte> file, OutputFormat format, Segmenter segmenter, Tensors tensors, Stream target, CancellationToken cancel,
        PictureOptions? wanted = null, ReadOnlyMemory<byte>? background = null)
    {
        wanted ??= Nothing;
        var steps = new List<(string, TimeSpan)>(8);
        // 1. The upright photo, or the part of it in which a subject is looked for.
        var (decoded, orientation) = Step("decode", () => Decode.Run(file, limits.Value));
        using var stored = decoded;
        using var upright = Step("orient", () => Orient.Run(decoded, orientation));
        var (width, height) = (upright.Width, upright.Height);
        var region = RegionOf(upright, wanted);
        using var part = wanted.Roi is null ? null : Region.Cut(upright, region);
        if (part is not null) upright.Dispose();
        var photo = part ?? upright;

        // 2. What is the subject?
        var doubt = Infer("");
        if (segmenter.Larger is { } larger && doubt > segmenter.DoubtLimit)
        {
            (segmenter, tensors) = (larger, tensors.Larger!);
            doubt = Infer(" larger");
        }
        var inDoubt = doubt > Uncertainty.Much;
        if (doubt > segmenter.SecondLookLimit) doubt = LookAgain("mirrored", FlipInference.Run);
        if (segmenter.MarginLook && PaddedInference.IsWorthwhile(tensors))
            doubt = LookAgain("with a margin", (network, room, returnMemory) => PaddedInference.Run(photo, network, room, returnMemory));
        Do("settle", () => RefineMask.Run(tensors, inDoubt));
        using (var grid = Step("grid", () => Grid.Of(photo)))
        using (var matte = Step("matte", () => Matte.Run(tensors, grid)))
        using (var colours = Step("foreground", () => ForegroundColours.Run(grid, matte.OnGrid)))
            Do("compose", () => Compose.Run(photo, matte, colours));
        if (wanted.RequireForeground == true && !HasForeground(photo))
            throw new ArtworkFailedException(ArtworkFailure.NoForeground, "No subject was found in the image.");

        // 3. Laid out as wished, and something put behind it.
        using var picture = wanted.Arranges ? Step("arrange", () => Arranged.Run(photo, region, width, height, wanted, limits.Value.MaxPixels)) : photo;
        var subject = wanted.FindSubject == true ? Box.Around(picture) : null;
        if (wanted.Shadow == true) Do("shadow", () => Shadow.Run(picture));
        PutBehind(picture, format, wanted, background);

        // 4. To a file.
        var contentType = Step("encode", () => wanted.IsAlphaOnly ? Encode.Mask(picture, format, target) : Encode.Run(picture, format, target));
        return new(picture.Width, picture.Height, contentType, segmenter.Model.Entry.Name, Uncertainty.ToConfidence(doubt), subject, steps);

        void PutBehind(Photo front, OutputFormat kind, PictureOptions options, ReadOnlyMemory<byte>? behind)
        {
            if (behind is { } picture) Do("background", () => Behind(front, picture));
            else if (options.Background is { } colour) Do("background", () => Backdrop.Colour(front, Colour.TryParse(colour) ?? Colour.White));
            if (kind == OutputFormat.Jpeg) Do("background", () => Backdrop.Colour(front, Colour.White));
        }

        double Infer(string which)
        {
            if (photo.PixelCount > LargePhoto) NativeHeap.GiveFreePagesBack();
            Do("prepare" + which, () => PrepareTensor.Run(photo, tensors, segmenter.Model.Entry));
            Do("infer" + which, () => segmenter.Run(tensors, returnMemory: photo.PixelCount > LargePhoto));
            return Uncertainty.Of(tensors.Output);
        }

        double LookAgain(string how, Action<Segmenter, Tensors, bool> look)
        {
            Do("infer " + how, () => look(segmenter, tensors, photo.PixelCount > LargePhoto));
            return Uncertainty.Of(tensors.Output);
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

    private static readonly PictureOptions Nothing = new();

    private void Behind(Photo picture, ReadOnlyMemory<byte> file)
    {
        try
        {
            var (decoded, orientation) = Decode.Run(file, limits.Value);
            using var stored = decoded;
            using var behind = Orient.Run(decoded, orientation);
            Backdrop.Picture(picture, behind);
        }
        catch (ArtworkFailedException problem)
        {
            throw problem.Of("background");
        }
    }

    /// <summary>The whole photo, unless a region was given.</summary>
    private static Box RegionOf(Photo upright, PictureOptions wanted)
    {
        if (wanted.Roi is not { } text) return new(0, 0, upright.Width, upright.Height);
        return Region.TryParse(text)!.Value.In(upright.Width, upright.Height)
            ?? throw new ArtworkFailedException(ArtworkFailure.NoForeground, $"roi: nothing of it lies in the image of {upright.Width} x {upright.Height} pixels.");
    }

    private static bool HasForeground(Photo cutOut)
    {
        for (var y = 0; y < cutOut.Height; y++)
            foreach (var pixel in cutOut.Row(y))
                if (pixel >> 24 >= 128) return true;
        return false;
    }
}
