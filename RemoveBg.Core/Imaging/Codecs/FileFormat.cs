using System.Buffers.Binary;
using RemoveBg.Core.Imaging.Codecs.Second;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Identifies a file by its first bytes; its name and Content-Type are ignored.</summary>
internal static class FileFormat
{
    /// <summary>Names the formats that are decoded, to be read after "Use".</summary>
    public static string Supported(ImageOptions options) => SecondDecoder.IsOn(options)
        ? "JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF or JPEG XL" : "JPEG, PNG, WebP, GIF or BMP";

    /// <summary>The header <c>Accept</c> for a source that chooses among formats (RFC 9110, section 12.5.1). Those that
    /// decode faster come first.</summary>
    public static string Accept(ImageOptions options) =>
        "image/jpeg, image/png, image/webp, image/gif, image/bmp, "
            + (SecondDecoder.IsOn(options)
                ? "image/avif;q=0.8, image/heic;q=0.8, image/heif;q=0.8, image/jxl;q=0.8, image/tiff;q=0.8, " : "")
            + "*/*;q=0.1";

    public static bool IsJpeg(ReadOnlySpan<byte> file) => file.StartsWith<byte>([0xFF, 0xD8, 0xFF]);

    public static bool IsPng(ReadOnlySpan<byte> file) =>
        file.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);

    public static bool IsWebp(ReadOnlySpan<byte> file) =>
        file.Length >= 12 && file.StartsWith("RIFF"u8) && file[8..12].SequenceEqual("WEBP"u8);

    /// <summary>Whether the first decoder, Skia, takes the file.</summary>
    public static bool IsSupported(ReadOnlySpan<byte> file) =>
        IsJpeg(file) || IsPng(file) || IsWebp(file) || file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8)
            || file.StartsWith("BM"u8);

    /// <summary>Returns whether a WebP file ends early, because the codec may fill missing rows without reporting it.
    /// The size field counts everything after it (RFC 9649, section 2.4).</summary>
    public static bool IsTruncatedWebp(ReadOnlySpan<byte> file) =>
        IsWebp(file) && 8L + BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) > file.Length;
}
