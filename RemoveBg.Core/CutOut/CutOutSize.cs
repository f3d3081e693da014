using RemoveBg.Core.Imaging.Codecs.Second;

namespace RemoveBg.Core.CutOut;

/// <summary>The sizes that determine an artwork's memory in the pipeline.</summary>
/// <param name="Pixels">Pixels of the photo.</param>
/// <param name="BackgroundPixels">Pixels of the image behind it; 0 without one.</param>
/// <param name="FileBytes">Bytes of both files.</param>
/// <param name="DecoderBytesPerPixel">Memory that decoding the photo takes beside its pixels: that of the second
/// decoder, or the coefficients of a JPEG with several scans.</param>
/// <param name="BackgroundDecoderBytesPerPixel">The same for the image behind it.</param>
public readonly record struct CutOutSize(long Pixels, long BackgroundPixels = 0, long FileBytes = 0,
    int DecoderBytesPerPixel = 0, int BackgroundDecoderBytesPerPixel = 0)
{
    /// <summary>Bytes per pixel of a decoded image, with a margin.</summary>
    private const double OneImage = 4.2;

    /// <summary>Returns the peak memory in megabytes. Measured with photos of 1, 12 and 50 megapixels, one and two at
    /// once, upright and turned by EXIF, with and without an image behind.</summary>
    /// <param name="networkMB">See <see cref="Segmentation.Segmenter.MemoryMB"/>.</param>
    public long PeakMB(long networkMB)
    {
        var network = networkMB + OneImage * Pixels / 1_000_000;
        // One image, and a copy of it: turned, arranged, or encoded.
        var copy = 2 * OneImage * Pixels / 1_000_000;
        var behind = OneImage * (Pixels + 2 * BackgroundPixels) / 1_000_000;
        // The second decoder's process has a copy of the file, too.
        var decoder = DecoderMB(DecoderBytesPerPixel, Pixels) + OneImage * Pixels / 1_000_000 + FileBytes / 1e6;
        var behindDecoder = DecoderMB(BackgroundDecoderBytesPerPixel, BackgroundPixels)
            + OneImage * (Pixels + BackgroundPixels) / 1_000_000 + FileBytes / 1e6;
        var peak = new[] { network, copy, behind, DecoderBytesPerPixel > 0 ? decoder : 0,
            BackgroundDecoderBytesPerPixel > 0 ? behindDecoder : 0 }.Max();
        return (long)Math.Ceiling(peak + FileBytes / 1e6);
    }

    private static double DecoderMB(int bytesPerPixel, long pixels) =>
        SecondFormat.BaseMB + bytesPerPixel * (pixels / 1e6);
}
