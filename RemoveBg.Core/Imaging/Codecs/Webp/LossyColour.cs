using NetVips;
using SkiaSharp;

namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>
/// A picture's colour as a lossy WebP file without alpha. libwebp does it either way: by libvips, which lets
/// the effort be chosen, or by Skia, which does not and takes twice as long for up to 3 % fewer bytes
/// (<c>./bench encode</c>; docs/measurements.md).
/// </summary>
internal static class LossyColour
{
    /// <summary>libwebp's method: from 3 on it weighs rate against distortion for each block,
    /// which is half of its time.</summary>
    private const int Effort = 2;

    static LossyColour()
    {
        if (!HasVips) return;
        // Results of operations are kept otherwise, with the pixels that they were made from.
        Cache.Max = 0;
        // Its threads would only copy pixels; a job has the cores that its slot stands for.
        NetVips.NetVips.Concurrency = 1;
    }

    /// <summary>Is libvips' native library there? The packages bring it for Linux, macOS and Windows on
    /// x64 and Arm64, but not for musl.</summary>
    public static bool HasVips => ModuleInitializer.VipsInitialized;

    /// <param name="quality">0 to 100.</param>
    /// <exception cref="VipsException">The encoder refused the picture.</exception>
    /// <exception cref="InvalidOperationException">The other encoder did.</exception>
    public static byte[] Of(Photo photo, int quality) => HasVips ? ByVips(photo, quality) : BySkia(photo, quality);

    internal static unsafe byte[] ByVips(Photo photo, int quality)
    {
        using var pixels = Image.NewFromMemory((nint)photo.Pixels, (ulong)photo.PixelCount * sizeof(uint), photo.Width,
            photo.Height, bands: 4, Enums.BandFormat.Uchar);
        using var colour = pixels.ExtractBand(0, n: 3);
        using var named = colour.Copy(interpretation: Enums.Interpretation.Srgb);
        return named.WebpsaveBuffer(q: quality, effort: Effort, keep: Enums.ForeignKeep.None);
    }

    internal static unsafe byte[] BySkia(Photo photo, int quality)
    {
        using var pixmap =
            new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgb888x, SKAlphaType.Opaque), (nint)photo.Pixels);
        using var file = pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality));
        return file?.ToArray() ?? throw new InvalidOperationException(
            $"The encoder refused a picture of {photo.Width} x {photo.Height} pixels.");
    }
}
