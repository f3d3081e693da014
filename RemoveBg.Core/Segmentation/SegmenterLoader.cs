namespace RemoveBg.Core.Segmentation;

/// <summary>Opens and closes the networks of a <see cref="ModelCache"/>.</summary>
/// <remarks>A process with several hosts may share networks between them by a class of its own.</remarks>
internal class SegmenterLoader
{
    /// <inheritdoc cref="Segmenter.Open"/>
    public virtual Segmenter Open(FoundModel model, ModelOptions options, bool keepsMemory) =>
        Segmenter.Open(model, options, keepsMemory);

    public virtual void Close(Segmenter segmenter) => segmenter.Dispose();
}
