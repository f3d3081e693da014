using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>
/// Reads the EXIF orientation from PNG (eXIf chunk, or ImageMagick's "Raw profile type exif" text) and WebP (EXIF
/// chunk). Malformed data counts as upright.
/// </summary>
/// <remarks>
/// Our own code, because a general metadata library would parse and inflate everything that a hostile file contains.
/// </remarks>
internal static class ExifReader
{
    private const int OrientationTag = 0x0112;
    private const int LongestProfile = 256 * 1024;

    public static ExifOrientation OrientationOf(ReadOnlySpan<byte> file)
    {
        var tiff = FileFormat.IsPng(file) ? FromPng(file) : FileFormat.IsWebp(file) ? FromWebp(file) : default;
        return FromTiff(tiff);
    }

    private static ReadOnlySpan<byte> FromWebp(ReadOnlySpan<byte> file)
    {
        for (var rest = file[12..]; rest.Length >= 8;)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            if (length > rest.Length - 8) return default;
            var content = rest.Slice(8, (int)length);
            if (rest.StartsWith("EXIF"u8)) return WithoutHeader(content);
            // Chunks are padded to even lengths.
            var step = 8 + (long)length + (length & 1);
            if (step > rest.Length) return default;
            rest = rest[(int)step..];
        }
        return default;
    }

    private static ReadOnlySpan<byte> FromPng(ReadOnlySpan<byte> file)
    {
        // A chunk has length, type, content and checksum. The eXIf chunk takes precedence over a converter's text.
        // Of several texts the first one counts: a file could hold a hundred thousand that inflate.
        ReadOnlySpan<byte> fromText = default;
        var isTextRead = false;
        for (var rest = file[8..]; rest.Length >= 12;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12) break;
            var type = rest.Slice(4, 4);
            var content = rest.Slice(8, (int)length);
            if (type.SequenceEqual("eXIf"u8)) return WithoutHeader(content);
            if (!isTextRead && IsRawProfile(content)
                && (type.SequenceEqual("zTXt"u8) || type.SequenceEqual("tEXt"u8) || type.SequenceEqual("iTXt"u8)))
            {
                isTextRead = true;
                fromText = FromRawProfile(type[0], content);
            }
            rest = rest[(int)(12 + length)..];
        }
        return fromText;
    }

    private static bool IsRawProfile(ReadOnlySpan<byte> content) =>
        content.StartsWith("Raw profile type exif\0"u8) || content.StartsWith("Raw profile type APP1\0"u8);

    /// <summary>Reads a raw profile: keyword, NUL, a line with the profile's name, a line with its length, then the
    /// profile in hexadecimal.</summary>
    private static ReadOnlySpan<byte> FromRawProfile(byte kind, ReadOnlySpan<byte> content)
    {
        var text = content[(content.IndexOf((byte)0) + 1)..];
        switch (kind)
        {
            case (byte)'z' when text.Length > 1 && text[0] == 0:
                text = Inflate(text[1..]);
                break;
            case (byte)'i' when text.Length > 2:
                // Skip compression flag and method, language and translated keyword.
                var compressed = text[0] == 1;
                text = text[2..];
                for (var i = 0; i < 2; i++)
                {
                    var stop = text.IndexOf((byte)0);
                    if (stop < 0) return default;
                    text = text[(stop + 1)..];
                }
                if (compressed) text = Inflate(text);
                break;
        }

        // Its lines and digits take many times its own memory.
        text = text[..Math.Min(text.Length, LongestProfile)];
        var lines = Encoding.Latin1.GetString(text).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 3 || !int.TryParse(lines[1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return default;
        var hex = string.Concat(lines.Skip(2).Select(line => line.Trim()));
        var bytes = new byte[hex.Length / 2];
        if (Convert.FromHexString(hex.AsSpan(0, bytes.Length * 2), bytes, out _, out var written)
            is not System.Buffers.OperationStatus.Done) return default;
        ReadOnlySpan<byte> profile = bytes.AsSpan(0, written);
        return WithoutHeader(profile);
    }

    /// <summary>Skips the header that EXIF has in a JPEG. Some programs copy it into other formats.</summary>
    private static ReadOnlySpan<byte> WithoutHeader(ReadOnlySpan<byte> exif) =>
        exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif;

    /// <summary>Inflates at most <see cref="LongestProfile"/> bytes, because a few kilobytes could inflate to
    /// gigabytes.</summary>
    private static byte[] Inflate(ReadOnlySpan<byte> compressed)
    {
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(compressed.ToArray()), CompressionMode.Decompress);
            var buffer = new byte[LongestProfile];
            return buffer[..zlib.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        }
        // The latter for a stream that asks for a dictionary of its own.
        catch (Exception problem) when (problem is InvalidDataException or IOException)
        {
            return [];
        }
    }

    /// <summary>Reads the orientation from the first image file directory of a TIFF structure (TIFF 6.0,
    /// section 2).</summary>
    private static ExifOrientation FromTiff(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 14) return ExifOrientation.Upright;
        var little = tiff.StartsWith("II*\0"u8);
        if (!little && !tiff.StartsWith("MM\0*"u8)) return ExifOrientation.Upright;

        var directory = Read32(tiff[4..], little);
        if (directory > tiff.Length - 2) return ExifOrientation.Upright;
        var entries = tiff[(int)directory..];
        var count = Read16(entries, little);
        entries = entries[2..];
        for (; count > 0 && entries.Length >= 12; count--, entries = entries[12..])
        {
            if (Read16(entries, little) != OrientationTag) continue;
            var value = Read16(entries[2..], little) switch
            {
                3 => Read16(entries[8..], little),
                4 => Read32(entries[8..], little),
                _ => 0u,
            };
            return value is >= 1 and <= 8 ? (ExifOrientation)value : ExifOrientation.Upright;
        }
        return ExifOrientation.Upright;
    }

    private static ushort Read16(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    private static uint Read32(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}
