using RemoveBg.Core.Imaging.Codecs.Second;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

/// <summary>Headers of JPEG XL files, written bit by bit (SizeHeader of ISO/IEC 18181-1, boxes of 18181-2).</summary>
public sealed class JpegXlHeaderTests
{
    private static readonly byte[] s_start = [0, 0, 0, 12, .. "JXL "u8, 13, 10, 0x87, 10,
        .. HeifFile.Box("ftyp", [.. "jxl \0\0\0\0jxl "u8])];

    /// <summary>300 x 200, its width and height each in 9 bits.</summary>
    private static readonly byte[] s_stream = Stream((1, 0), (2, 0), (9, 199), (3, 0), (2, 0), (9, 299));

    [TestCase(0, 0, 8, 8)]
    [TestCase(31, 0, 8, 256)]
    [TestCase(0, 31, 256, 8)]
    [TestCase(5, 7, 64, 48)]
    public void A_small_size_counts_eights(int height, int width, int expectedWidth, int expectedHeight) =>
        Assert.That(JpegXlHeader.Read(Stream((1, 1), (5, height), (3, 0), (5, width))),
            Is.EqualTo(Header(expectedWidth, expectedHeight)));

    [Test]
    public void A_size_is_read_in_each_number_of_bits([Range(0, 3)] int heightBits, [Range(0, 3)] int widthBits,
        [Values("least", "most", "1010...")] string value)
    {
        int[] bits = [9, 13, 18, 30];
        var (height, width) = (Value(bits[heightBits]), Value(bits[widthBits]));
        Assert.That(JpegXlHeader.Read(Stream((1, 0), (2, heightBits), (bits[heightBits], height), (3, 0),
            (2, widthBits), (bits[widthBits], width))), Is.EqualTo(Header(width + 1L, height + 1L)));

        int Value(int count) => value switch
        {
            "least" => 0,
            "most" => (1 << count) - 1,
            _ => 0x2AAAAAAA & (1 << count) - 1,
        };
    }

    [TestCase(1, 101, 101)]
    [TestCase(2, 121, 101)]
    [TestCase(3, 134, 101)]
    [TestCase(4, 151, 101)]
    [TestCase(5, 179, 101)]
    [TestCase(6, 126, 101)]
    [TestCase(7, 202, 101)]
    public void A_ratio_stands_for_the_width(int ratio, int width, int height) =>
        Assert.That(JpegXlHeader.Read(Stream((1, 0), (2, 1), (13, height - 1), (3, ratio))),
            Is.EqualTo(Header(width, height)));

    [TestCase(1, 40)]
    [TestCase(2, 48)]
    [TestCase(3, 53)]
    [TestCase(4, 60)]
    [TestCase(5, 71)]
    [TestCase(6, 50)]
    [TestCase(7, 80)]
    public void A_ratio_stands_for_the_width_of_a_small_size(int ratio, int width) =>
        Assert.That(JpegXlHeader.Read(Stream((1, 1), (5, 4), (3, ratio))), Is.EqualTo(Header(width, 40)));

    [Test]
    public void The_widest_ratio_of_the_highest_image_does_not_overflow() =>
        Assert.That(JpegXlHeader.Read(Stream((1, 0), (2, 3), (30, (1 << 30) - 1), (3, 5))),
            Is.EqualTo(Header((1L << 30) * 16 / 9, 1L << 30)));

    private static IEnumerable<TestCaseData> Sizes()
    {
        yield return Named("a small square, of 9 bits", Stream((1, 1), (5, 4), (3, 1)));
        yield return Named("a small size, of 14 bits", Stream((1, 1), (5, 4), (3, 0), (5, 31)));
        yield return Named("a square of exactly 3 bytes", Stream((1, 0), (2, 2), (18, 9), (3, 1)));
        yield return Named("a size of 26 bits", s_stream);
        yield return Named("a size of exactly 7 bytes",
            Stream((1, 0), (2, 3), (30, 9), (3, 0), (2, 2), (18, 9)));
        yield return Named("a size of 68 bits", Stream((1, 0), (2, 3), (30, 9), (3, 0), (2, 3), (30, 9)));
    }

    [TestCaseSource(nameof(Sizes))]
    public void A_size_that_ends_early_is_damaged_wherever_it_ends(byte[] stream)
    {
        var whole = JpegXlHeader.Read([.. stream, .. new byte[20]]);
        Assert.That(whole, Is.Not.Null);
        byte[] file = [.. s_start, .. HeifFile.Box("jxlc", stream)];
        var before = file.Length - stream.Length;
        for (var length = 0; length < stream.Length; length++)
        {
            Assert.That(JpegXlHeader.Read(stream.AsSpan(0, length)), Is.Null, $"after {length} bytes");
            Assert.That(JpegXlHeader.Read(file.AsSpan(0, before + length)), Is.Null, $"after {length} bytes of a box");
            // What follows belongs to another box.
            Assert.That(JpegXlHeader.Read([.. s_start, .. HeifFile.Box("jxlc", stream[..length]), .. Exif]), Is.Null,
                $"{length} bytes in its box");
        }
        Assert.That(JpegXlHeader.Read(stream), Is.EqualTo(whole));
        Assert.That(JpegXlHeader.Read(file), Is.EqualTo(whole));
        Assert.That(JpegXlHeader.Read([.. file, .. Exif]), Is.EqualTo(whole));
    }

    [Test]
    public void A_header_in_boxes_that_ends_early_is_damaged_wherever_it_ends()
    {
        byte[] file = [.. s_start, .. Exif, .. HeifFile.Box("jxlc", s_stream)];
        for (var length = 0; length < file.Length; length++)
            Assert.That(JpegXlHeader.Read(file.AsSpan(0, length)), Is.Null, $"after {length} bytes");
    }

    private static IEnumerable<TestCaseData> Boxes()
    {
        byte[] part = [0, 0, 0, 0, .. s_stream], end = [0x80, 0, 0, 1, 1, 2, 3];
        yield return Named("in one box", HeifFile.Box("jxlc", s_stream));
        yield return Named("in one box that reaches to the end", [0, 0, 0, 0, .. "jxlc"u8, .. s_stream]);
        yield return Named("in one box, its length in 64 bits", LongBox("jxlc", s_stream));
        yield return Named("in the first part", [.. HeifFile.Box("jxlp", part), .. HeifFile.Box("jxlp", end)]);
        yield return Named("in the only part, to the end", [0, 0, 0, 0, .. "jxlp"u8, 0x80, 0, 0, 0, .. s_stream]);
        yield return Named("in a part, its length in 64 bits", LongBox("jxlp", part));
        yield return Named("behind the level", [.. HeifFile.Box("jxll", [10]), .. HeifFile.Box("jxlc", s_stream)]);
        yield return Named("behind an empty box", [.. HeifFile.Box("free", []), .. HeifFile.Box("jxlc", s_stream)]);
        yield return Named("behind EXIF", [.. Exif, .. HeifFile.Box("jxlc", s_stream)]);
        yield return Named("behind a box with its length in 64 bits",
            [.. LongBox("xml ", [1, 2, 3]), .. HeifFile.Box("jxlc", s_stream)]);
        yield return Named("behind an empty box with its length in 64 bits",
            [.. LongBox("xml ", []), .. HeifFile.Box("jxlc", s_stream)]);
        yield return Named("followed by an incomplete box",
            [.. HeifFile.Box("jxlc", s_stream), 0, 1, 0, 0, .. "xml "u8, 1, 2, 3]);
        yield return Named("in a box that is incomplete", [0, 1, 0, 0, .. "jxlc"u8, .. s_stream]);
        yield return Named("in a box of 64 bits that is incomplete",
            [0, 0, 0, 1, .. "jxlc"u8, 255, 255, 255, 255, 255, 255, 255, 255, .. s_stream]);
    }

    [TestCaseSource(nameof(Boxes))]
    public void The_codestream_is_found(byte[] boxes) =>
        Assert.That(JpegXlHeader.Read([.. s_start, .. boxes]), Is.EqualTo(Header(300, 200)));

    [Test]
    public void Parts_may_end_anywhere_in_the_header()
    {
        for (var cut = 0; cut <= s_stream.Length; cut++)
            for (var next = cut; next <= s_stream.Length; next++)
                Assert.That(JpegXlHeader.Read([.. s_start, .. Part(0, s_stream[..cut]), .. Exif,
                    .. Part(1, s_stream[cut..next]), .. Part(0x80000002, [.. s_stream[next..], .. new byte[40]])]),
                    Is.EqualTo(Header(300, 200)), $"cut at {cut} and {next}");
    }

    [Test]
    public void The_longest_header_may_be_in_parts_of_a_byte_each()
    {
        var stream = Stream((1, 0), (2, 3), (30, (1 << 30) - 1), (3, 0), (2, 3), (30, (1 << 30) - 2));
        byte[] file = [.. s_start, .. stream.SelectMany((value, i) => Part((uint)i, [value]))];
        Assert.That(JpegXlHeader.Read(file), Is.EqualTo(Header((1 << 30) - 1, 1 << 30)));
        Assert.That(JpegXlHeader.Read(file.AsSpan(0, file.Length - 1)), Is.Null);
    }

    private static IEnumerable<TestCaseData> Damaged()
    {
        var stream = HeifFile.Box("jxlc", s_stream);
        yield return Named("no codestream", Exif);
        yield return Named("another signature", HeifFile.Box("jxlc", [0xFF, 0x0B, .. s_stream[2..]]));
        yield return Named("an empty codestream", HeifFile.Box("jxlc", []));
        yield return Named("a part without its number", HeifFile.Box("jxlp", [0, 0]));
        yield return Named("a part with nothing but its number", HeifFile.Box("jxlp", [0, 0, 0, 0]));
        yield return Named("a box shorter than its header", [0, 0, 0, 4, .. "xml "u8, .. stream]);
        yield return Named("a box one byte shorter than its header", [0, 0, 0, 7, .. "xml "u8, .. stream]);
        yield return Named("a codestream shorter than its header", [0, 0, 0, 4, .. "jxlc"u8, .. s_stream]);
        yield return Named("a box beyond the end", [0, 1, 0, 0, .. "xml "u8, .. stream]);
        yield return Named("a box to the end", [0, 0, 0, 0, .. "xml "u8, .. stream]);
        yield return Named("a box of 64 bits, shorter than its header",
            [0, 0, 0, 1, .. "xml "u8, 0, 0, 0, 0, 0, 0, 0, 15, .. stream]);
        yield return Named("a box of 64 bits, beyond the end",
            [0, 0, 0, 1, .. "xml "u8, 0, 0, 0, 1, 0, 0, 0, 16, .. stream]);
        yield return Named("a box of 64 bits, all set",
            [0, 0, 0, 1, .. "xml "u8, 255, 255, 255, 255, 255, 255, 255, 255, .. stream]);
        yield return Named("a box of 64 bits that ends in its length", [0, 0, 0, 1, .. "jxlc"u8, 0, 0, 0, 0]);
    }

    [TestCaseSource(nameof(Damaged))]
    public void A_file_without_a_codestream_is_damaged(byte[] boxes) =>
        Assert.That(JpegXlHeader.Read([.. s_start, .. boxes]), Is.Null);

    private static byte[] Exif => HeifFile.Box("Exif", [0, 0, 0, 0, .. "MM\0*\0\0\0\b\0\0\0\0\0\0"u8]);

    private static ImageHeader Header(long width, long height) => new(SecondFormat.JpegXl, width, height);

    private static byte[] Part(uint number, byte[] content) =>
        HeifFile.Box("jxlp", [.. HeifFile.Int32((int)number), .. content]);

    private static byte[] LongBox(string kind, byte[] content) =>
        [0, 0, 0, 1, .. System.Text.Encoding.ASCII.GetBytes(kind), 0, 0, 0, 0, .. HeifFile.Int32(content.Length + 16),
            .. content];

    /// <summary>A codestream's signature and fields, each with its lowest bit first.</summary>
    private static byte[] Stream(params (int Bits, int Value)[] fields)
    {
        var bits = fields.SelectMany(field => Enumerable.Range(0, field.Bits).Select(i => field.Value >> i & 1))
            .ToList();
        return [0xFF, 0x0A, .. bits.Chunk(8).Select(each => (byte)each.Select((bit, i) => bit << i).Sum())];
    }

    private static TestCaseData Named(string name, byte[] bytes) => new TestCaseData(bytes).SetArgDisplayNames(name);
}
