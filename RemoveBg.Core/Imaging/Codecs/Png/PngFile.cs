using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace RemoveBg.Core.Imaging.Codecs.Png;

/// <summary>
/// Writes PNG files (ISO/IEC 15948) without metadata. All cores compress bands of rows, which are then joined to one
/// zlib stream, as pigz does.
/// </summary>
internal static class PngFile
{
    private const byte Grey = 0, Rgba = 6;

    /// <summary>zlib compression level, from 1 to 9; chosen by <c>./bench encode</c> (docs/measurements.md).</summary>
    private const int Level = 5;

    /// <summary>Approximate size of a band before compression, in bytes. Its compressed size fits into a
    /// megabyte.</summary>
    /// <remarks>Nothing refers back across a band's border, so smaller bands would compress worse.</remarks>
    private const int BandSize = 900_000;

    private static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    public static void Write(Photo photo, Stream target, int level = Level) =>
        Write(photo, target, level, Rgba, 4, (y, _) => MemoryMarshal.AsBytes(photo.Row(y)));

    /// <summary>Writes the alpha alone, as a grey image.</summary>
    public static void WriteAlpha(Photo photo, Stream target) => Write(photo, target, Level, Grey, 1, (y, scratch) =>
    {
        var row = photo.Row(y);
        for (var x = 0; x < row.Length; x++) scratch[x] = (byte)(row[x] >> 24);
        return scratch;
    });

    private static void Write(Photo photo, Stream target, int level, byte colourType, int bytesPerPixel, GetRow getRow)
    {
        var stride = photo.Width * bytesPerPixel;
        var rows = Math.Clamp(BandSize / stride, 1, photo.Height);
        var count = (photo.Height + rows - 1) / rows;

        target.Write(Signature);
        WriteChunk(target, "IHDR"u8, Header(photo, colourType));
        // Compress a few bands at a time, to limit how many wait in memory to be written.
        var compression = new ZLibCompressionOptions { CompressionLevel = level };
        var bands = Enumerable.Range(0, Math.Min(count, 2 * Environment.ProcessorCount))
            .Select(_ => new Band(stride, rows, compression)).ToArray();
        var sum = Adler32.Initial;
        for (var first = 0; first < count; first += bands.Length)
        {
            var together = Math.Min(bands.Length, count - first);
            Parallel.For(0, together, i => bands[i]
                .Compress(getRow, (first + i) * rows, Math.Min((first + i + 1) * rows, photo.Height), photo.Height));
            foreach (var band in bands.AsSpan(0, together))
            {
                sum = sum.Append(band.Sum, band.Length);
                WriteChunk(target, "IDAT"u8, band.Content);
            }
        }
        foreach (var band in bands) band.Dispose();
        Span<byte> end = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(end, sum.Value);
        WriteChunk(target, "IDAT"u8, end);
        WriteChunk(target, "IEND"u8, []);
    }

    /// <summary>Returns the header: 8 bits per channel, not interlaced.</summary>
    private static byte[] Header(Photo photo, byte colourType)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, photo.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), photo.Height);
        (header[8], header[9]) = (8, colourType);
        return header;
    }

    private static void WriteChunk(Stream target, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        var check = new Crc32();
        check.Append(name);
        check.Append(content);
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        target.Write(number);
        target.Write(name);
        target.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, check.GetCurrentHashAsUInt32());
        target.Write(number);
    }
}
