using RemoveBg.Core.Artworks;
using SkiaSharp;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>To a file without any metadata; without a colour profile it is sRGB.</summary>
internal static class Encode
{
    private const int WebpQuality = 90;

    /// <summary>WebP has 14 bits for a side (RFC 9649, section 2.6); larger pictures become PNG.</summary>
    public const int LargestWebpSide = 16_383;

    /// <returns>The media type written.</returns>
    public static unsafe string Run(Photo photo, OutputFormat format, Stream target)
    {
        var asPng = format == OutputFormat.Png || Math.Max(photo.Width, photo.Height) > LargestWebpSide;
        using var pixmap = new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul), (nint)photo.Pixels);
        var written = asPng
            ? pixmap.Encode(target, new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 6))
            : pixmap.Encode(target, new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, WebpQuality));
        if (!written) throw new InvalidOperationException($"The encoder refused a picture of {photo.Width} x {photo.Height} pixels.");
        return asPng ? "image/png" : "image/webp";
    }
}
