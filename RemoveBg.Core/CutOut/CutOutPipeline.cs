using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.CutOut;

/// <summary>Turns a photo into a cut-out, step by step.</summary>
public sealed class CutOutPipeline(IOptions<ImageOptions> limits)
{
    /// <summary>The steps in order; each is a method of <see cref="CutOutSteps"/>.</summary>
    private static readonly Action<CutOutContext>[] Steps =
    [
        // 1. Get the upright photo, or the part of it to search for a subject.
        CutOutSteps.DecodePhoto,
        CutOutSteps.OrientPhoto,
        CutOutSteps.CopyBackground,
        CutOutSteps.CropToRegion,

        // 2. Find the subject and its edge.
        CutOutSteps.SegmentSubject,
        CutOutSteps.MakeMatte,
        CutOutSteps.RequireForeground,
        CutOutSteps.RestoreSurroundings,

        // 3. Apply the options: layout, shadow, background.
        CutOutSteps.Arrange,
        CutOutSteps.FindSubject,
        CutOutSteps.CastShadow,
        CutOutSteps.PutBackgroundBehind,

        // 4. Write the file.
        CutOutSteps.EncodeResult,
    ];

    static CutOutPipeline() => NativeHeap.ReturnLargeBlocks();

    /// <summary>Runs all steps and writes the result to the job's target.</summary>
    /// <exception cref="ArtworkFailedException">The input cannot be processed: unsupported_format, image_corrupt,
    /// image_too_many_pixels or no_foreground.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested; checked before each step.</exception>
    public CutOutResult Run(CutOutJob job, CancellationToken cancellationToken)
    {
        using var context = new CutOutContext(job, limits.Value, cancellationToken);
        foreach (var step in Steps) step(context);
        return context.Result;
    }
}
