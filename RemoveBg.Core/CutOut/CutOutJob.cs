using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>What <see cref="CutOutPipeline"/> works on.</summary>
/// <param name="File">JPEG, PNG, WebP, GIF or BMP.</param>
/// <param name="Tensors">Made by <paramref name="Segmenter"/>, and used by no other job meanwhile.</param>
/// <param name="Target">Receives the result: without options as large as the upright input.</param>
public sealed record CutOutJob(
    ReadOnlyMemory<byte> File, OutputFormat Format, Segmenter Segmenter, Tensors Tensors, Stream Target)
{
    /// <summary>What else is asked for. Default: nothing.</summary>
    public CutOutOptions Options { get; init; } = new();

    /// <summary>File of a background image, in the formats of <see cref="File"/>; null for none.</summary>
    public ReadOnlyMemory<byte>? Background { get; init; }
}
