using System.Buffers.Binary;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Imaging.Codecs.Second;

namespace RemoveBg.Tests.Imaging;

/// <summary>Headers of TIFF and BigTIFF files, written entry by entry (TIFF 6.0, sections 2 and 8).</summary>
public sealed class TiffHeaderTests
{
    private const int Byte = 1, Short = 3, Long = 4, Rational = 5, Long8 = 16;

    private const int Subfile = 254, ImageWidth = 256, ImageLength = 257, SubDirectories = 330, DngVersion = 50706;

    /// <summary>Little and big endian, 32 and 64 bits.</summary>
    private static readonly string[] s_kinds = ["II*", "MM*", "II+", "MM+"];

    private static readonly (int Tag, int Type, ulong Value)[] s_photo =
        [(Subfile, Long, 0), (ImageWidth, Short, 300), (ImageLength, Short, 200)];

    private static readonly (int Tag, int Type, ulong Value)[] s_thumbnail =
        [(Subfile, Long, 1), (ImageWidth, Short, 8), (ImageLength, Short, 8)];

    [Test]
    public void The_size_is_read_from_numbers_of_each_type([ValueSource(nameof(s_kinds))] string kind,
        [Values(Short, Long)] int type)
    {
        var width = type == Short ? 0xFEDCu : 0xFEDC_BA98;
        Assert.That(TiffHeader.Read(Tiff(kind, [(ImageWidth, type, width), (ImageLength, type, 200)])),
            Is.EqualTo(Header(width, 200)));
    }

    [Test]
    public void A_bigtiff_may_give_its_size_in_64_bits([Values("II+", "MM+")] string kind) =>
        Assert.That(TiffHeader.Read(Tiff(kind, [(ImageWidth, Long8, 0x1_2345_6789), (ImageLength, Long8, 200)])),
            Is.EqualTo(Header(0x1_2345_6789, 200)));

    /// <summary>Memory is booked by the product.</summary>
    [Test]
    public void A_size_beyond_any_file_does_not_overflow([Values("II+", "MM+")] string kind) =>
        Assert.That(Decode.Measure(Tiff(kind, [(ImageWidth, Long8, ulong.MaxValue), (ImageLength, Long8,
            ulong.MaxValue)])).Pixels, Is.EqualTo(long.MaxValue));

    [TestCase("II*", Long8)]
    [TestCase("II*", Rational)]
    [TestCase("MM+", Rational)]
    public void A_size_of_a_type_that_is_no_number_of_pixels_is_none(string kind, int type)
    {
        var file = Tiff(kind, [(ImageWidth, type, 300), (ImageLength, type, 200)]);
        Assert.That(Assert.Throws<ArtworkFailedException>(() => Decode.Run(file, new()))!.Failure.Code,
            Is.EqualTo("image_corrupt"));
    }

    [Test]
    public void A_header_that_ends_early_is_damaged_wherever_it_ends([ValueSource(nameof(s_kinds))] string kind)
    {
        var file = Tiff(kind, s_thumbnail, s_photo);
        for (var length = 0; length < file.Length; length++)
            Assert.That(TiffHeader.Read(file.AsSpan(0, length)), Is.Null, $"after {length} bytes");
        Assert.That(TiffHeader.Read(file), Is.EqualTo(Header(300, 200, page: 1)), "to the end");
    }

    [Test]
    public void The_first_page_that_is_no_thumbnail_counts([ValueSource(nameof(s_kinds))] string kind)
    {
        Assert.That(TiffHeader.Read(Tiff(kind, s_photo, s_thumbnail)), Is.EqualTo(Header(300, 200)));
        Assert.That(TiffHeader.Read(Tiff(kind, s_thumbnail, s_thumbnail, s_photo)),
            Is.EqualTo(Header(300, 200, page: 2)));
        Assert.That(TiffHeader.Read(Tiff(kind, [(Subfile, Long, 3), .. s_thumbnail[1..]], s_photo)),
            Is.EqualTo(Header(300, 200, page: 1)), "a thumbnail of a page");
        Assert.That(TiffHeader.Read(Tiff(kind, [(Subfile, Long, 2), .. s_photo[1..]], s_thumbnail)),
            Is.EqualTo(Header(300, 200)), "one of several pages");
    }

    [Test]
    public void The_hundredth_page_is_the_last_one_that_is_looked_at([ValueSource(nameof(s_kinds))] string kind)
    {
        var thumbnails = Enumerable.Repeat(s_thumbnail, 99).ToArray();
        Assert.That(TiffHeader.Read(Tiff(kind, [.. thumbnails, s_photo])), Is.EqualTo(Header(300, 200, page: 99)));
        Assert.That(TiffHeader.Read(Tiff(kind, [.. thumbnails, s_thumbnail, s_photo])), Is.Null);
    }

    [Test]
    public void A_directory_that_names_itself_is_damaged([ValueSource(nameof(s_kinds))] string kind)
    {
        var file = Tiff(kind, s_thumbnail);
        Number(file.AsSpan(file.Length - (IsBig(kind) ? 8 : 4)), IsBig(kind) ? 8 : 4, First(kind), kind);
        Assert.That(TiffHeader.Read(file), Is.Null);
    }

    /// <summary>Offset 0 ends the list of pages, though bytes lie there that could be taken for a directory.</summary>
    [Test]
    public void A_file_of_thumbnails_has_no_photo([ValueSource(nameof(s_kinds))] string kind)
    {
        Assert.That(TiffHeader.Read(Tiff(kind, s_thumbnail)), Is.Null);
        Assert.That(TiffHeader.Read([.. Tiff(kind, s_thumbnail), .. new byte[300_000]]), Is.Null, "a long file");
    }

    [Test]
    public void A_directory_without_entries_is_damaged([ValueSource(nameof(s_kinds))] string kind)
    {
        Assert.That(TiffHeader.Read([.. Tiff(kind, []), .. new byte[64]]), Is.Null);
        Assert.That(TiffHeader.Read(Tiff(kind, s_thumbnail, [])), Is.Null, "the second one");
    }

    [Test]
    public void A_directory_without_room_for_its_entries_is_damaged([ValueSource(nameof(s_kinds))] string kind,
        [Values(4ul, 65_535ul, ulong.MaxValue, 1ul << 63)] ulong count)
    {
        var file = Tiff(kind, s_photo);
        Number(file.AsSpan((int)First(kind)), IsBig(kind) ? 8 : 2, IsBig(kind) ? count : Math.Min(count, 65_535), kind);
        Assert.That(TiffHeader.Read(file), Is.Null);
    }

    /// <summary>Classic TIFF files count in 16 bits; libtiff takes no more from a BigTIFF either.</summary>
    [Test]
    public void A_directory_has_at_most_65535_entries([ValueSource(nameof(s_kinds))] string kind)
    {
        var most = Enumerable.Repeat((Tag: 65_000, Short, 0ul), 65_533).ToArray();
        Assert.That(TiffHeader.Read(Tiff(kind, [.. most, .. s_photo[1..]])), Is.EqualTo(Header(300, 200)));
        if (IsBig(kind)) Assert.That(TiffHeader.Read(Tiff(kind, [.. most, .. s_photo])), Is.Null);
    }

    [Test]
    public void A_first_directory_outside_the_file_is_damaged([ValueSource(nameof(s_kinds))] string kind,
        [Values("0", "1 before the end", "2 before the end", "the end", "2^31", "the most")] string place)
    {
        var file = Tiff(kind, s_photo);
        var at = place switch
        {
            "0" => 0ul,
            "1 before the end" => (ulong)file.Length - 1,
            "2 before the end" => (ulong)file.Length - 2,
            "the end" => (ulong)file.Length,
            "2^31" => 1ul << 31,
            _ => IsBig(kind) ? ulong.MaxValue : uint.MaxValue,
        };
        Number(file.AsSpan(IsBig(kind) ? 8 : 4), IsBig(kind) ? 8 : 4, at, kind);
        Assert.That(TiffHeader.Read(file), Is.Null);
    }

    /// <summary>The offset of the next directory follows the entries, and is none of them: 256 is the tag of a width,
    /// 257 that of a height.</summary>
    [TestCase(256)]
    [TestCase(257)]
    public void The_offset_of_the_next_page_is_no_entry(int next)
    {
        var first = Tiff("II*", s_photo);
        first[^4] = (byte)next;
        first[^3] = (byte)(next >> 8);
        Assert.That(TiffHeader.Read([.. first, .. new byte[300]]), Is.EqualTo(Header(300, 200)));
    }

    private static IEnumerable<TestCaseData> Raws()
    {
        yield return Raw("a DNG file whose first image is the photo", [.. s_photo, (DngVersion, Byte, 1)]);
        yield return Raw("a DNG file whose first image is a preview",
            [.. s_thumbnail, (SubDirectories, Long, 8), (DngVersion, Byte, 1)]);
        yield return Raw("a preview with the photo below", [.. s_thumbnail, (SubDirectories, Long, 8)]);
    }

    [TestCaseSource(nameof(Raws))]
    public void A_camera_raw_file_is_refused((int Tag, int Type, ulong Value)[] first)
    {
        foreach (var kind in s_kinds)
        {
            var problem = Assert.Throws<ArtworkFailedException>(() => TiffHeader.Read(Tiff(kind, first, s_photo)))!;
            Assert.That((problem.Failure.Code, problem.Message), Is.EqualTo(("unsupported_format",
                "Camera RAW images (DNG, NEF, ARW and the like) are not supported. Use the camera's JPEG.")));
        }
    }

    /// <summary>Pyramids for viewers keep smaller sizes below the photo; scanners a thumbnail on a page.</summary>
    [Test]
    public void A_photo_with_smaller_sizes_is_no_camera_raw_file([ValueSource(nameof(s_kinds))] string kind)
    {
        Assert.That(TiffHeader.Read(Tiff(kind, [.. s_photo, (SubDirectories, Long, 8)])),
            Is.EqualTo(Header(300, 200)));
        Assert.That(TiffHeader.Read(Tiff(kind, s_thumbnail, [.. s_thumbnail, (SubDirectories, Long, 8)], s_photo)),
            Is.EqualTo(Header(300, 200, page: 2)));
    }

    private static TestCaseData Raw(string name, (int Tag, int Type, ulong Value)[] first) =>
        new TestCaseData(arg: first).SetArgDisplayNames(name);

    private static ImageHeader Header(long width, long height, int page = 0) =>
        new(SecondFormat.Tiff, width, height, page);

    private static bool IsBig(string kind) => kind[2] == '+';

    /// <returns>The offset of the first directory.</returns>
    private static uint First(string kind) => IsBig(kind) ? 16u : 8u;

    /// <summary>A file of nothing but directories, one behind the other.</summary>
    private static byte[] Tiff(string kind, params (int Tag, int Type, ulong Value)[][] pages)
    {
        var (start, countSize, entrySize, offsetSize) = IsBig(kind) ? (16, 8, 20, 8) : (8, 2, 12, 4);
        var file = new byte[start + pages.Sum(page => countSize + page.Length * entrySize + offsetSize)];
        file[0] = file[1] = (byte)kind[0];
        Number(file.AsSpan(2), 2, kind[2], kind);
        if (IsBig(kind)) Number(file.AsSpan(4), 2, 8, kind);
        Number(file.AsSpan(IsBig(kind) ? 8 : 4), offsetSize, (ulong)start, kind);
        var at = start;
        for (var i = 0; i < pages.Length; i++)
        {
            var page = pages[i];
            Number(file.AsSpan(at), countSize, (ulong)page.Length, kind);
            at += countSize;
            foreach (var (tag, type, value) in page)
            {
                Number(file.AsSpan(at), 2, (ulong)tag, kind);
                Number(file.AsSpan(at + 2), 2, (ulong)type, kind);
                Number(file.AsSpan(at + 4), offsetSize, 1, kind);
                Number(file.AsSpan(at + 4 + offsetSize), Math.Min(offsetSize, SizeOf(type)), value, kind);
                at += entrySize;
            }
            Number(file.AsSpan(at), offsetSize, i == pages.Length - 1 ? 0 : (ulong)(at + offsetSize), kind);
            at += offsetSize;
        }
        return file;
    }

    private static int SizeOf(int type) => type switch { Byte => 1, Short => 2, Long => 4, _ => 8 };

    /// <summary>Writes a number in the file's order of bytes.</summary>
    private static void Number(Span<byte> at, int size, ulong value, string kind)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        bytes = bytes[..size];
        if (kind[0] == 'M') bytes.Reverse();
        bytes.CopyTo(at);
    }
}
