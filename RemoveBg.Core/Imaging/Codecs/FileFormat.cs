using System.Buffers.Binary;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Identifies a file by its first bytes; its name and Content-Type are ignored.</summary>
internal static class FileFormat
{
    public const string Supported = "JPEG, PNG, WebP, GIF or BMP";

    public static bool IsJpeg(ReadOnlySpan<byte> file) => file.StartsWith<byte>([0xFF, 0xD8, 0xFF]);

    public static bool IsPng(ReadOnlySpan<byte> file) =>
        file.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);

    public static bool IsWebp(ReadOnlySpan<byte> file) =>
        file.Length >= 12 && file.StartsWith("RIFF"u8) && file[8..12].SequenceEqual("WEBP"u8);

    public static bool IsSupported(ReadOnlySpan<byte> file) =>
        IsJpeg(file) || IsPng(file) || IsWebp(file) || file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8)
            || file.StartsWith("BM"u8);

    /// <summary>Returns whether a JPEG or WebP file ends early, because the codec may fill missing rows without
    /// reporting it.</summary>
    public static bool IsTruncated(ReadOnlySpan<byte> file) =>
        // RFC 9649, section 2.4: the size field counts everything after it.
        IsWebp(file) ? 8L + BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) > file.Length
        : IsJpeg(file) && !JpegHasEnd(file);

    /// <summary>Returns whether an end-of-image marker follows a JPEG's scan data (ITU-T T.81, B.2.1). A thumbnail's
    /// own marker comes before the scan data and does not count.</summary>
    private static bool JpegHasEnd(ReadOnlySpan<byte> file)
    {
        for (var rest = file[2..]; rest.Length >= 4 && rest[0] == 0xFF;)
        {
            if (rest[1] == 0xDA) return rest.LastIndexOf<byte>([0xFF, 0xD9]) >= 0;
            // Fill bytes may precede a marker; every other segment gives its length.
            var step = rest[1] == 0xFF ? 1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (step > rest.Length) break;
            rest = rest[step..];
        }
        return true;
    }
}
