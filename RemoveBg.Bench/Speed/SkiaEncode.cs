using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using SkiaSharp;

namespace RemoveBg.Bench.Speed;

/// <summary>Skia's encoders, as a baseline.</summary>
internal static class SkiaEncode
{
    public static unsafe void Run(Photo photo, object options, Stream target)
    {
        using var pixmap = new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul),
            (nint)photo.Pixels);
        var written = options is SKWebpEncoderOptions webp ? pixmap.Encode(target, webp)
            : pixmap.Encode(target, (SKPngEncoderOptions)options);
        if (!written) throw new InvalidOperationException("Skia failed to encode the image.");
    }

    /// <summary>Encodes lossy WebP of quality 90, or PNG with Skia's choice of filters at zlib's default
    /// level.</summary>
    public static void Run(Photo photo, OutputFormat format, Stream target) => Run(photo, format == OutputFormat.Png
        ? new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 6)
            : new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, 90), target);
}
