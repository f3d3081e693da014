using System.Numerics.Tensors;

namespace RemoveBg.Core.Segmentation;

/// <summary>
/// Where the network is in doubt it is shown the photo's mirror image too, and what either look calls subject counts: a
/// network that is unsure leaves things out rather than adding some, and not the same ones both times.
/// </summary>
internal static class FlipInference
{
    /// <summary>Changes <see cref="Tensors.Output"/> in place, from the alpha of the first look to that of both. Leaves
    /// <see cref="Tensors.Input"/> mirrored.</summary>
    /// <param name="returnMemory">As for <see cref="Segmenter.Run"/>.</param>
    public static void Run(Segmenter segmenter, Tensors tensors, bool returnMemory = false)
    {
        var first = tensors.Scratch.AsSpan();
        tensors.Output.CopyTo(first);
        Mirror(tensors.Input, tensors.Size);
        segmenter.Run(tensors, returnMemory);
        Mirror(tensors.Output, tensors.Size);
        TensorPrimitives.Max(first, tensors.Output, tensors.Output);
    }

    /// <summary>Left and right change places in each row.</summary>
    private static void Mirror(Span<float> rows, int width)
    {
        for (; !rows.IsEmpty; rows = rows[width..]) rows[..width].Reverse();
    }
}
