using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process.Pipeline.Webp;
using SkiaSharp;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>To a file without any metadata; without a colour profile it is sRGB.</summary>
internal static class Encode
{
    private const int WebpQuality = 90;

    /// <summary>With one filter for all rows: 2 to 4 times as fast as level 6 with a filter chosen for each row, for at most 4 % more bytes
    /// (<c>./bench encode</c>; docs/measurements.md).</summary>
    private const int PngLevel = 4;

    /// <summary>WebP has 14 bits for a side (RFC 9649, section 2.6); larger pictures become PNG.</summary>
    public const int LargestWebpSide = 16_383;

    /// <param name="photo">WebP changes the colour of its invisible pixels.</param>
    /// <returns>The media type written.</returns>
    public static string Run(Photo photo, OutputFormat format, Stream target)
    {
        if (format == OutputFormat.Png || Math.Max(photo.Width, photo.Height) > LargestWebpSide)
        {
            WritePng(photo, target);
            return "image/png";
        }
        WebpFile.Write(photo, WebpQuality, target);
        return "image/webp";
    }

    private static unsafe void WritePng(Photo photo, Stream target)
    {
        using var pixmap = new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul), (nint)photo.Pixels);
        if (!pixmap.Encode(target, new SKPngEncoderOptions(SKPngEncoderFilterFlags.Up, PngLevel)))
            throw new InvalidOperationException($"The encoder refused a picture of {photo.Width} x {photo.Height} pixels.");
    }
}
