using RemoveBg.Core.Imaging.Codecs;

namespace RemoveBg.Core.CutOut;

/// <summary>The sizes that determine an artwork's memory in the pipeline.</summary>
/// <param name="Pixels">Pixels of the photo.</param>
/// <param name="BackgroundPixels">Pixels of the image behind it; 0 without one.</param>
/// <param name="FileBytes">Bytes of both files.</param>
/// <param name="Decoder">Memory that decoding the photo takes beside its pixels.</param>
/// <param name="BackgroundDecoder">The same for the image behind it.</param>
public readonly record struct CutOutSize(long Pixels, long BackgroundPixels = 0, long FileBytes = 0,
    DecoderMemory Decoder = default, DecoderMemory BackgroundDecoder = default)
{
    /// <summary>Bytes per pixel of a decoded image, with a margin.</summary>
    private const double OneImage = 4.2;

    /// <summary>Reads the sizes from the headers of whole files.</summary>
    /// <param name="photo">The photo's file.</param>
    /// <param name="background">The file of the image behind it; null for none.</param>
    public static CutOutSize Of(ReadOnlyMemory<byte> photo, ReadOnlyMemory<byte>? background)
    {
        var (pixels, decoder) = Decode.Measure(photo);
        var (behind, behindDecoder) = background is { } file ? Decode.Measure(file) : (0, default);
        return new(pixels ?? long.MaxValue, behind ?? long.MaxValue, photo.Length + (background?.Length ?? 0), decoder,
            behindDecoder);
    }

    /// <summary>Returns the peak memory in megabytes. Measured with photos of 1, 12 and 50 megapixels, one and two at
    /// once, upright and turned by EXIF, with and without an image behind.</summary>
    /// <param name="networkMB">See <see cref="Segmentation.Segmenter.MemoryMB"/>.</param>
    public long PeakMB(long networkMB)
    {
        var network = networkMB + OneImage * Pixels / 1_000_000;
        // One image, and a copy of it: turned, arranged, or encoded.
        var copy = 2 * OneImage * Pixels / 1_000_000;
        var behind = OneImage * (Pixels + 2 * BackgroundPixels) / 1_000_000;
        var decoder = Decoder.MB(Pixels, FileBytes / 1e6) + OneImage * Pixels / 1_000_000;
        var behindDecoder = BackgroundDecoder.MB(BackgroundPixels, FileBytes / 1e6)
            + OneImage * (Pixels + BackgroundPixels) / 1_000_000;
        var peak = new[] { network, copy, behind, decoder, behindDecoder }.Max();
        return (long)Math.Ceiling(peak + FileBytes / 1e6);
    }
}
