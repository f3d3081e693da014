using System.Buffers.Binary;
using System.IO.Hashing;
using RemoveBg.Core.Artworks;
using RemoveBg.SelfHost.Cli.Cut.Engines;

namespace RemoveBg.SelfHost.Cli.Cut.Metadata;

/// <summary>Puts the EXIF fields of a photo that are of interest into its result.</summary>
internal static class KeepExif
{
    private const int PngHeader = 8 + 25, WebpHeader = 12, ChunkHeader = 8;
    private const byte HasExif = 0x08, HasAlpha = 0x10;

    /// <returns>The result with the fields; unchanged if the photo has none.</returns>
    public static ReadOnlyMemory<byte> Run(ReadOnlySpan<byte> photo, CutOutFile result)
    {
        var exif = ExifBlock.Copy(FindExif.In(photo));
        if (exif.Length == 0) return result.File;
        return result.ContentType == ResultTypes.Png ? IntoPng(result.File.Span, exif) : IntoWebp(result, exif);
    }

    /// <summary>Adds the chunk eXIf after the header (PNG, third edition, section 11.3.4.6).</summary>
    private static byte[] IntoPng(ReadOnlySpan<byte> png, byte[] exif)
    {
        byte[] named = [.. "eXIf"u8, .. exif];
        Span<byte> length = stackalloc byte[4], checksum = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, exif.Length);
        BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32.HashToUInt32(named));
        return [.. png[..PngHeader], .. length, .. named, .. checksum, .. png[PngHeader..]];
    }

    /// <summary>Adds the chunk EXIF at the end, and says so in VP8X, which the file gets if it has none (RFC 9649,
    /// section 2.7).</summary>
    private static byte[] IntoWebp(CutOutFile result, byte[] exif)
    {
        var webp = result.File.Span;
        var chunks = webp[WebpHeader..].ToArray();
        if (!chunks.AsSpan().StartsWith("VP8X"u8)) chunks = [.. Vp8x(result, chunks), .. chunks];
        chunks[ChunkHeader] |= HasExif;
        Span<byte> length = stackalloc byte[4], size = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, exif.Length);
        byte[] all = [.. chunks, .. "EXIF"u8, .. length, .. exif, .. new byte[exif.Length & 1]];
        BinaryPrimitives.WriteInt32LittleEndian(size, all.Length + 4);
        return [.. "RIFF"u8, .. size, .. "WEBP"u8, .. all];
    }

    /// <summary>Makes the header chunk of a file with one image. A lossless image says itself whether it has
    /// alpha (bit 28 after the signature; section 3.4).</summary>
    private static byte[] Vp8x(CutOutFile result, ReadOnlySpan<byte> image)
    {
        var chunk = new byte[ChunkHeader + 10];
        "VP8X"u8.CopyTo(chunk);
        BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(4), 10);
        if (image.StartsWith("VP8L"u8) && (image[ChunkHeader + 4] & HasAlpha) != 0) chunk[ChunkHeader] = HasAlpha;
        Put24(chunk.AsSpan(ChunkHeader + 4), result.Width - 1);
        Put24(chunk.AsSpan(ChunkHeader + 7), result.Height - 1);
        return chunk;
    }

    private static void Put24(Span<byte> to, int number)
    {
        for (var i = 0; i < 3; i++) to[i] = (byte)(number >> (8 * i));
    }
}
