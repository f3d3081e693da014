namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Memory that decoding an image takes beside its pixels.</summary>
/// <param name="BytesPerPixel">Bytes for each pixel of the image.</param>
/// <param name="BaseMB">Megabytes for the smallest image: the process of the second decoder. 0 for the first
/// one.</param>
public readonly record struct DecoderMemory(int BytesPerPixel, int BaseMB = 0)
{
    /// <param name="pixels">Pixels of the image.</param>
    /// <param name="fileMB">Size of its file, of which another process has a copy.</param>
    internal double MB(long pixels, double fileMB) =>
        BytesPerPixel * (pixels / 1e6) + (BaseMB > 0 ? BaseMB + fileMB : 0);
}
