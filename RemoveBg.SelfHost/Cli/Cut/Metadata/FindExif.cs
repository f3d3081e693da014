using System.Buffers.Binary;

namespace RemoveBg.SelfHost.Cli.Cut.Metadata;

/// <summary>Finds the EXIF data of a JPEG, PNG, WebP or TIFF file. Other files, and malformed ones, count as without
/// any.</summary>
internal static class FindExif
{
    /// <returns>The TIFF structure; empty if there is none.</returns>
    public static ReadOnlySpan<byte> In(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith<byte>([0xFF, 0xD8])) return InJpeg(file[2..]);
        if (file.Length > 8 && file[0] == 0x89 && file[1..4].SequenceEqual("PNG"u8)) return InPng(file[8..]);
        if (file.Length > 12 && file.StartsWith("RIFF"u8) && file[8..12].SequenceEqual("WEBP"u8))
            return InWebp(file[12..]);
        return file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8) ? file : default;
    }

    /// <summary>Segments are a marker and a length, up to the scan (ITU-T T.81, annex B).</summary>
    private static ReadOnlySpan<byte> InJpeg(ReadOnlySpan<byte> rest)
    {
        const byte app1 = 0xE1, scan = 0xDA;
        while (rest.Length >= 4 && rest[0] == 0xFF && rest[1] != scan)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (length < 2 || length + 2 > rest.Length) return default;
            var content = rest[4..(length + 2)];
            if (rest[1] == app1 && content.StartsWith("Exif\0\0"u8)) return content[6..];
            rest = rest[(length + 2)..];
        }
        return default;
    }

    private static ReadOnlySpan<byte> InPng(ReadOnlySpan<byte> rest)
    {
        while (rest.Length >= 12)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12) return default;
            if (rest[4..8].SequenceEqual("eXIf"u8)) return WithoutHeader(rest.Slice(8, (int)length));
            rest = rest[(int)(12 + length)..];
        }
        return default;
    }

    private static ReadOnlySpan<byte> InWebp(ReadOnlySpan<byte> rest)
    {
        while (rest.Length >= 8)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            if (length > rest.Length - 8) return default;
            if (rest.StartsWith("EXIF"u8)) return WithoutHeader(rest.Slice(8, (int)length));
            rest = rest[(int)Math.Min(rest.Length, 8 + (long)length + (length & 1))..];
        }
        return default;
    }

    /// <summary>Skips the header that EXIF has in a JPEG. Some programs copy it into other formats.</summary>
    private static ReadOnlySpan<byte> WithoutHeader(ReadOnlySpan<byte> exif) =>
        exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif;
}
