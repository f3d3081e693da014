using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>Finds the subject of a photo, as an alpha on the network's own grid.</summary>
internal static class SegmentSubject
{
    /// <summary>Pixels above which memory counts: the runtime's working memory (some 300 MB) is
    /// released after each run, because encoding needs as much again, and the heap's free pages are
    /// released before the first run.</summary>
    public const long LargePhoto = 8_000_000;

    /// <summary>Runs the network; where it is uncertain, also a cascade's larger network and the flipped photo; where
    /// the subject touches the image border, also the padded photo.</summary>
    /// <param name="tensors">Made by <paramref name="segmenter"/>.</param>
    /// <param name="step">Runs one named step: the caller times it and checks for cancellation between steps.</param>
    /// <returns>The alpha before <see cref="Refine"/>.</returns>
    public static SubjectMask Infer(Photo photo, Segmenter segmenter, Tensors tensors, Action<string, Action> step)
    {
        var returnMemory = photo.PixelCount > LargePhoto;
        var mask = InferOnce("", segmenter, tensors);
        if (segmenter.Larger is { } larger && mask.Uncertainty > segmenter.DoubtLimit)
            mask = InferOnce(" larger", larger, tensors.Larger!);
        var isVague = mask.Uncertainty > Uncertainty.Much;
        (segmenter, tensors) = (mask.Segmenter, mask.Tensors);
        if (mask.Uncertainty > segmenter.SecondLookLimit)
            step("infer mirrored", () => FlipInference.Run(segmenter, tensors, returnMemory));
        if (segmenter.MarginLook && PaddedInference.IsWorthwhile(tensors))
            step("infer with a margin", () => PaddedInference.Run(photo, segmenter, tensors, returnMemory));
        return new(segmenter, tensors, Uncertainty.Of(tensors.Output), isVague);

        SubjectMask InferOnce(string which, Segmenter network, Tensors buffers)
        {
            if (returnMemory) NativeHeap.GiveFreePagesBack();
            step("prepare" + which, () => PrepareTensor.Run(photo, buffers, network.Model.Entry));
            step("infer" + which, () => network.Run(buffers, returnMemory));
            return new(network, buffers, Uncertainty.Of(buffers.Output), IsVague: false);
        }
    }

    /// <summary>Refines the alpha in place; see <see cref="RefineMask"/>.</summary>
    public static void Refine(SubjectMask mask) => RefineMask.Run(mask.Tensors, mask.IsVague);
}

/// <summary>The alpha that a network gave, in <see cref="Tensors.Output"/>.</summary>
/// <param name="Segmenter">The network that gave it; in a cascade the one that ran last.</param>
/// <param name="Uncertainty">Of the alpha after all runs; see <see cref="Segmentation.Uncertainty"/>.</param>
/// <param name="IsVague">Whether the first run was
/// <see cref="Segmentation.Uncertainty.Much">very uncertain</see>.</param>
internal sealed record SubjectMask(Segmenter Segmenter, Tensors Tensors, double Uncertainty, bool IsVague);
