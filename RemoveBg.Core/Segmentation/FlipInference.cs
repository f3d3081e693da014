using System.Numerics.Tensors;

namespace RemoveBg.Core.Segmentation;

/// <summary>
/// Flip test-time augmentation: runs the network on the mirrored photo too and takes the larger alpha of the two runs.
/// </summary>
/// <remarks>
/// Used where the network is uncertain: it then tends to leave parts of the subject out rather than to add some, and
/// not the same parts in both runs.
/// </remarks>
internal static class FlipInference
{
    /// <summary>Replaces the alpha of the first run in <see cref="Tensors.Output"/> by the maximum of both runs. Leaves
    /// <see cref="Tensors.Input"/> mirrored.</summary>
    /// <param name="returnMemory">See <see cref="Segmenter.Run"/>.</param>
    public static void Run(Segmenter segmenter, Tensors tensors, bool returnMemory = false)
    {
        var first = tensors.Scratch;
        tensors.Output.CopyTo(first);
        Mirror(tensors.Input, tensors.Width);
        segmenter.Run(tensors, returnMemory);
        Mirror(tensors.Output, tensors.Width);
        TensorPrimitives.Max(first, tensors.Output, tensors.Output);
    }

    /// <summary>Mirrors each row.</summary>
    private static void Mirror(Span<float> rows, int width)
    {
        for (; !rows.IsEmpty; rows = rows[width..]) rows[..width].Reverse();
    }
}
