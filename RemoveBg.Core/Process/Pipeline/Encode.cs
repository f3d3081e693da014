using System.IO.Compression;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process.Pipeline.Webp;
using SkiaSharp;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>To a file without any metadata; without a colour profile it is sRGB.</summary>
internal static class Encode
{
    private const int WebpQuality = 90, JpegQuality = 90;

    /// <summary>With one filter for all rows: 2 to 4 times as fast as level 6 with a filter chosen for each row, for at most 4 % more bytes
    /// (<c>./bench encode</c>; docs/measurements.md).</summary>
    private const int PngLevel = 4;

    /// <summary>WebP has 14 bits for a side (RFC 9649, section 2.6); larger pictures become PNG.</summary>
    public const int LargestWebpSide = 16_383;

    /// <param name="photo">WebP changes the colour of its invisible pixels.</param>
    /// <returns>The media type written.</returns>
    public static string Run(Photo photo, OutputFormat format, Stream target)
    {
        switch (format)
        {
            case OutputFormat.Jpeg:
                Write(photo, target, SKAlphaType.Opaque, WriteJpeg);
                return ResultTypes.Jpeg;
            case OutputFormat.Zip:
                WriteZip(photo, target);
                return ResultTypes.Zip;
            case OutputFormat.Png:
            case var _ when IsTooLargeForWebp(photo):
                Write(photo, target, SKAlphaType.Unpremul, WritePng);
                return ResultTypes.Png;
            default:
                WebpFile.Write(photo, WebpQuality, target);
                return ResultTypes.Webp;
        }
    }

    /// <summary>The alpha alone, as a grey picture without loss.</summary>
    public static string Mask(Photo photo, OutputFormat format, Stream target)
    {
        var isWebp = format is OutputFormat.Auto or OutputFormat.Webp && !IsTooLargeForWebp(photo);
        WriteMask(photo, target, isWebp
            ? (pixels, file) => pixels.Encode(file, new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 20))
            : WritePng);
        return isWebp ? ResultTypes.Webp : ResultTypes.Png;
    }

    private static bool IsTooLargeForWebp(Photo photo) => Math.Max(photo.Width, photo.Height) > LargestWebpSide;

    private static bool WritePng(SKPixmap pixels, Stream target) => pixels.Encode(target, new SKPngEncoderOptions(SKPngEncoderFilterFlags.Up, PngLevel));

    private static bool WriteJpeg(SKPixmap pixels, Stream target) =>
        pixels.Encode(target, new SKJpegEncoderOptions(JpegQuality, SKJpegEncoderDownsample.Downsample420, SKJpegEncoderAlphaOption.Ignore));

    private static void WriteZip(Photo photo, Stream target)
    {
        // Both entries are compressed already.
        using var zip = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true);
        using (var colour = zip.CreateEntry("color.jpg", CompressionLevel.NoCompression).Open()) Write(photo, colour, SKAlphaType.Opaque, WriteJpeg);
        using (var alpha = zip.CreateEntry("alpha.png", CompressionLevel.NoCompression).Open()) WriteMask(photo, alpha, WritePng);
    }

    private static unsafe void WriteMask(Photo photo, Stream target, Func<SKPixmap, Stream, bool> write)
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
        if (!write(pixmap, target)) throw Refused(photo);
    }

    private static unsafe void Write(Photo photo, Stream target, SKAlphaType alpha, Func<SKPixmap, Stream, bool> write)
    {
        using var pixmap = new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgba8888, alpha), (nint)photo.Pixels);
        if (!write(pixmap, target)) throw Refused(photo);
    }

    private static InvalidOperationException Refused(Photo photo) => new($"The encoder refused a picture of {photo.Width} x {photo.Height} pixels.");
}
