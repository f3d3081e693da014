using System.IO.Compression;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs.Png;
using RemoveBg.Core.Imaging.Codecs.Webp;
using SkiaSharp;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Encodes an image without metadata. It has no colour profile, which means sRGB.</summary>
internal static class Encode
{
    private const int WebpQuality = 90, JpegQuality = 90;

    /// <summary>Longest side of a WebP image, which has 14 bits for it (RFC 9649, section 2.6). Larger images are
    /// written as PNG.</summary>
    public const int LargestWebpSide = 16_383;

    /// <summary>Encodes an image.</summary>
    /// <param name="photo">Image to encode. The WebP encoder changes the colour of its invisible pixels, and
    /// disposes a large one.</param>
    /// <returns>The media type of the file.</returns>
    public static string Run(Photo photo, OutputFormat format, Stream target)
    {
        switch (format)
        {
            case OutputFormat.Jpeg:
                WriteJpeg(photo, target);
                return ResultTypes.Jpeg;
            case OutputFormat.Zip:
                WriteZip(photo, target);
                return ResultTypes.Zip;
            case OutputFormat.Png:
            case var _ when IsTooLargeForWebp(photo):
                PngFile.Write(photo, target);
                return ResultTypes.Png;
            default:
                WebpFile.Write(photo, WebpQuality, target);
                return ResultTypes.Webp;
        }
    }

    /// <summary>Encodes the alpha alone, as a lossless grey image.</summary>
    /// <returns>The media type of the file.</returns>
    public static string Mask(Photo photo, OutputFormat format, Stream target)
    {
        if (format is OutputFormat.Auto or OutputFormat.Webp && !IsTooLargeForWebp(photo))
        {
            WriteWebpMask(photo, target);
            return ResultTypes.Webp;
        }
        PngFile.WriteAlpha(photo, target);
        return ResultTypes.Png;
    }

    private static bool IsTooLargeForWebp(Photo photo) => Math.Max(photo.Width, photo.Height) > LargestWebpSide;

    private static void WriteZip(Photo photo, Stream target)
    {
        // Both files are already compressed.
        using var zip = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true);
        using (var colour = zip.CreateEntry("color.jpg", CompressionLevel.NoCompression).Open())
            WriteJpeg(photo, colour);
        using (var alpha = zip.CreateEntry("alpha.png", CompressionLevel.NoCompression).Open())
            PngFile.WriteAlpha(photo, alpha);
    }

    private static unsafe void WriteWebpMask(Photo photo, Stream target)
    {
        using var grey = new SKBitmap(new(photo.Width, photo.Height, SKColorType.Gray8, SKAlphaType.Opaque));
        var (pixels, stride) = ((nint)grey.GetPixels(), grey.RowBytes);
        Parallel.For(0, photo.Height, y =>
        {
            var row = photo.Row(y);
            var to = (byte*)pixels + (long)y * stride;
            for (var x = 0; x < row.Length; x++) to[x] = (byte)(row[x] >> 24);
        });
        using var pixmap = grey.PeekPixels();
        if (!pixmap.Encode(target, new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 20)))
            throw Failed(photo);
    }

    private static unsafe void WriteJpeg(Photo photo, Stream target)
    {
        using var pixmap =
            new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), (nint)photo.Pixels);
        if (!pixmap.Encode(target, new SKJpegEncoderOptions(JpegQuality, SKJpegEncoderDownsample.Downsample420,
            SKJpegEncoderAlphaOption.Ignore))) throw Failed(photo);
    }

    private static InvalidOperationException Failed(Photo photo) =>
        new($"The encoder failed on an image of {photo.Width} x {photo.Height} pixels.");
}
