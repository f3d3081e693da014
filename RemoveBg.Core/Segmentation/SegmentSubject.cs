using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>Finds the subject of a photo, as an alpha at the network's resolution.</summary>
internal static class SegmentSubject
{
    /// <summary>Number of pixels above which the runtime's working memory (some 300 MB) is released after each run,
    /// because encoding needs as much again, and the heap's free pages before the first.</summary>
    public const long LargePhoto = 8_000_000;

    /// <summary>Runs the network. If it is uncertain, also runs a cascade's larger network; if that is very uncertain,
    /// test-time augmentation: flip inference and, if the subject touches the image border, padded
    /// inference.</summary>
    /// <param name="tensors">Buffers that <paramref name="segmenter"/> created.</param>
    /// <param name="step">Runs one named step; lets the caller time it and check for cancellation.</param>
    /// <returns>The alpha before <see cref="Refine"/>.</returns>
    public static SubjectMask Infer(Photo photo, Segmenter segmenter, Tensors tensors, Action<string, Action> step)
    {
        var returnMemory = photo.PixelCount > LargePhoto;
        var mask = InferOnce("", segmenter, tensors);
        if (segmenter.Larger is { } larger && mask.Uncertainty > segmenter.CascadeLimit)
            mask = InferOnce(" larger", larger, tensors.Larger!);
        var isVague = mask.Uncertainty > Uncertainty.Much;
        (segmenter, tensors) = (mask.Segmenter, mask.Tensors);
        if (mask.Uncertainty > segmenter.AugmentationLimit)
        {
            step("infer mirrored", () => FlipInference.Run(segmenter, tensors, returnMemory));
            if (PaddedInference.IsWorthwhile(tensors))
                step("infer with a margin", () => PaddedInference.Run(photo, segmenter, tensors, returnMemory));
        }
        return new(segmenter, tensors, Uncertainty.Of(tensors.Output), isVague);

        SubjectMask InferOnce(string which, Segmenter network, Tensors buffers)
        {
            if (returnMemory) NativeHeap.ReturnFreePages();
            step("prepare" + which, () => PrepareTensor.Run(photo, buffers, network.Model.Entry));
            step("infer" + which, () => network.Run(buffers, returnMemory));
            return new(network, buffers, Uncertainty.Of(buffers.Output), IsVague: false);
        }
    }

    /// <summary>Refines the alpha in place; see <see cref="RefineMask"/>.</summary>
    public static void Refine(SubjectMask mask) => RefineMask.Run(mask.Tensors, mask.IsVague);
}

/// <summary>A network's alpha, in <see cref="Tensors.Output"/>.</summary>
/// <param name="Segmenter">The network that produced it; in a cascade, the one that ran last.</param>
/// <param name="Uncertainty">Uncertainty of the alpha after all runs; see
/// <see cref="Segmentation.Uncertainty"/>.</param>
/// <param name="IsVague">True if the uncertainty of that network's first run was above
/// <see cref="Segmentation.Uncertainty.Much"/>.</param>
internal sealed record SubjectMask(Segmenter Segmenter, Tensors Tensors, double Uncertainty, bool IsVague);
