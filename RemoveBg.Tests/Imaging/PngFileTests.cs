using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Imaging.Codecs.Png;

namespace RemoveBg.Tests.Imaging;

/// <summary>Files we write, read back by libpng (in Skia) and by zlib, which refuses a stream with a wrong
/// checksum.</summary>
public sealed class PngFileTests
{
    // 1 to 19 bands; the last sizes have more bands than are compressed at a time on a few cores.
    private static readonly string[] Sizes = ["1x1", "2x1", "1x2", "3x2", "17x16", "1x9000", "9000x1", "700x500",
        "512x512", "512x513", "20000x20", "1500x3200"];

    [Test]
    public void Every_pixel_is_read_back([ValueSource(nameof(Sizes))] string size)
    {
        using var photo = Noise(size);
        using var read = Decode.Run(Write(photo, PngFile.Write), new()).Photo;

        for (var y = 0; y < photo.Height; y++)
            Assert.That(read.Row(y).SequenceEqual(photo.Row(y)), $"row {y}");
    }

    [Test]
    public void Alpha_alone_is_a_grey_image([ValueSource(nameof(Sizes))] string size)
    {
        using var photo = Noise(size);
        using var read = Decode.Run(Write(photo, PngFile.WriteAlpha), new()).Photo;

        for (var y = 0; y < photo.Height; y++)
            for (var x = 0; x < photo.Width; x++)
                if (read.Row(y)[x] != ((photo.Row(y)[x] >> 24) * 0x010101 | 0xFF000000)) Assert.Fail($"{x}, {y}");
    }

    [Test]
    public void The_file_contains_only_the_image_and_every_checksum_is_right(
        [ValueSource(nameof(Sizes))] string size)
    {
        using var photo = Noise(size);
        var chunks = Chunks(Write(photo, PngFile.Write));

        using var compressed =
            new MemoryStream([.. chunks.Where(chunk => chunk.Name == "IDAT").SelectMany(chunk => chunk.Content)]);
        using var rows = new ZLibStream(compressed, CompressionMode.Decompress);
        using var plain = new MemoryStream();
        rows.CopyTo(plain);
        Assert.Multiple(() =>
        {
            Assert.That(chunks.Select(chunk => chunk.Name).Distinct(), Is.EqualTo((string[])["IHDR", "IDAT", "IEND"]));
            Assert.That(plain.Length, Is.EqualTo((1L + 4 * photo.Width) * photo.Height));
            Assert.That(compressed.Position, Is.EqualTo(compressed.Length), "nothing follows the stream");
        });
    }

    [Test]
    public void Incompressible_pixels_fit_the_buffer_at_every_level([Values(1, 2, 3, 4, 5, 6, 7, 8, 9)] int level)
    {
        using var photo = new Photo(800, 1200, isOpaque: false);
        var random = new Random(level);
        for (var y = 0; y < photo.Height; y++)
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(photo.Row(y)));

        Assert.That(Chunks(Write(photo, (image, target) => PngFile.Write(image, target, level)))
            .Sum(chunk => chunk.Content.Length), Is.GreaterThan(800 * 1200 * 4));
    }

    [Test]
    public void Checksums_of_two_pieces_combine_to_that_of_the_whole(
        [Values(0, 1, 5, 65_520, 65_521, 65_522, 200_000)] int cut)
    {
        var bytes = new byte[200_000];
        new Random(cut).NextBytes(bytes);
        bytes.AsSpan(0, 100_000).Fill(255);

        Assert.That(Sum(bytes.AsSpan(0, cut)).Append(Sum(bytes.AsSpan(cut)), bytes.Length - cut),
            Is.EqualTo(Sum(bytes)));
    }

    /// <summary>Computes the checksum exactly as RFC 1950, section 8.2, defines it.</summary>
    private static Adler32 Sum(ReadOnlySpan<byte> bytes)
    {
        var (a, b) = (1u, 0u);
        foreach (var value in bytes)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }
        return new(b << 16 | a);
    }

    private static Photo Noise(string size)
    {
        var (width, height) = (int.Parse(size.Split('x')[0]), int.Parse(size.Split('x')[1]));
        var photo = new Photo(width, height, isOpaque: false);
        var random = new Random(width + height);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                // Mix noise and compressible pixels. Alpha is never 0, because some readers drop the colour then.
                photo.Row(y)[x] = (uint)random.Next() is var colour && x % 7 < 3 ? colour | 0x01000000 : 0xFF102030;
        return photo;
    }

    private static byte[] Write(Photo photo, Action<Photo, Stream> write)
    {
        using var target = new MemoryStream();
        write(photo, target);
        return target.ToArray();
    }

    private static byte[] Write(Photo photo, Action<Photo, Stream, int> write) =>
        Write(photo, (image, target) => write(image, target, 5));

    private static List<(string Name, byte[] Content)> Chunks(byte[] file)
    {
        Assert.That(file.AsSpan(0, 8).SequenceEqual((ReadOnlySpan<byte>)[0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n']),
            "signature");
        var chunks = new List<(string, byte[])>();
        for (var at = 8; at < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            var named = file.AsSpan(at + 4, 4 + length);
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)),
                Is.EqualTo(Crc32.HashToUInt32(named)), "CRC");
            chunks.Add((Encoding.ASCII.GetString(named[..4]), named[4..].ToArray()));
            at += 12 + length;
        }
        return chunks;
    }
}
