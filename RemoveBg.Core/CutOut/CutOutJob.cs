using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>Input of <see cref="CutOutPipeline"/>.</summary>
/// <param name="File">Image file, in a format that <see cref="Imaging.ImageOptions"/> allows.</param>
/// <param name="Tensors">Buffers that <paramref name="Segmenter"/> created; no other job may use them at the same
/// time.</param>
/// <param name="Target">Receives the encoded result, which without options has the size of the upright input.</param>
public sealed record CutOutJob(
    ReadOnlyMemory<byte> File, OutputFormat Format, Segmenter Segmenter, Tensors Tensors, Stream Target)
{
    /// <summary>Layout, background and the like; by default none.</summary>
    public CutOutOptions Options { get; init; } = new();

    /// <summary>Background image file, in a format of <see cref="File"/>; null for none.</summary>
    public ReadOnlyMemory<byte>? Background { get; init; }
}
