using System.Text;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs.Second;
using static RemoveBg.Tests.Given.HeifFile;

namespace RemoveBg.Tests.Imaging;

/// <summary>Headers of HEIC and AVIF files, written box by box (ISO/IEC 14496-12, section 8.11; 23008-12).</summary>
public sealed class HeifHeaderTests
{
    /// <summary>A number that differs from <see cref="Other"/> only where all its four bytes are read.</summary>
    private const int Long = 0x0001_0002, Other = 1, Primary = 2;

    private static readonly byte[] s_start = Box("ftyp", [.. "heic\0\0\0\0mif1"u8]);

    [Test]
    public void The_size_is_that_of_the_primary_item_however_numbers_are_written([Values] bool isLong,
        [Values] bool isWide, [Values(0, 1)] int items)
    {
        var primary = isLong ? Long : Primary;
        var header = Read(Meta(Chosen(primary, isLong), Items(items, Item(Other, "vvc1", isLong),
            Item(primary, "hvc1", isLong)), Properties(
                [Size(8, 8), Box("hvcC", [1, 2, 3]), Size(160, 106)],
                Uses(isLong, isWide, (Other, [1, 2]), (primary, [2, 3])))));
        Assert.That(header, Is.EqualTo(new ImageHeader(SecondFormat.Heic, 160, 106)));
    }

    [Test]
    public void The_size_of_a_later_item_is_found_too([Values] bool isLong, [Values] bool isWide)
    {
        // The essential ones have the highest bit set.
        var essential = isWide ? 0x8000 : 0x80;
        var header = Read(Meta(Chosen(7, isLong), Properties([Size(8, 8), Size(9, 9), Size(30, 20)],
            Uses(isLong, isWide, (5, [1]), (6, []), (7, [essential | 3]), (8, [2])))));
        Assert.That(header, Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)));
    }

    [Test]
    public void A_wide_index_reaches_beyond_127_properties()
    {
        var many = Enumerable.Repeat(Size(8, 8), 299).Append(Size(30, 20)).ToArray();
        Assert.That(Read(Meta(Chosen(1), Properties(many, Uses(false, true, (1, [0x8000 | 300]))))),
            Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)));
    }

    [Test]
    public void A_property_without_content_has_a_number_too() =>
        Assert.That(Read(Meta(Chosen(1), Properties([Box("free", []), Size(30, 20)], Uses(false, false, (1, [2]))))),
            Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)));

    [TestCase("hvc1")]
    [TestCase("av01")]
    [TestCase("grid")]
    [TestCase("iden")]
    [TestCase("iovl")]
    public void An_item_that_is_decoded_has_its_size_read(string kind) =>
        Assert.That(Read(With(Item(1, kind))), Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)));

    [Test]
    public void An_item_of_another_codec_is_refused([Values] bool isLong, [Values(0, 1)] int items,
        [Values("", "\0", "a name\0")] string name)
    {
        var file = Meta(Chosen(1, isLong), Items(items, Item(1, "vvc1", isLong, name)),
            Properties([Size(30, 20)], Uses(isLong, false, (1, [1]))));
        var problem = Assert.Throws<ArtworkFailedException>(() => Read(file))!;
        Assert.That((problem.Failure.Code, problem.Message), Is.EqualTo(("unsupported_format",
            "HEIF images are supported with HEVC or AV1 inside, and this one has another codec.")));
    }

    private static IEnumerable<TestCaseData> Entries()
    {
        // Versions 0 and 1 have a name where version 2 has the kind.
        yield return Named("version 0, with a name", Box("infe", [0, 0, 0, 0, 0, 1, 0, 0, .. "vvc1\0\0"u8]));
        yield return Named("version 1, with a name", Box("infe", [1, 0, 0, 0, 0, 1, 0, 0, .. "vvc1\0\0"u8]));
        yield return Named("without content", Box("infe", []));
        yield return Named("without all of its version", Box("infe", [2, 0, 0]));
        yield return Named("without an item", Box("infe", [2, 0, 0, 0]));
        yield return Named("version 2 that ends in the kind", Box("infe", [2, 0, 0, 0, 0, 1, 0, 0, .. "vvc"u8]));
        yield return Named("version 2 that ends before the kind", Box("infe", [2, 0, 0, 0, 0, 1, 0, 0]));
        yield return Named("version 3 that ends in the kind", Box("infe", [3, 0, 0, 0, 0, 0, 0, 1, 0, 0, .. "vvc"u8]));
        yield return Named("version 3 that ends in the number", Box("infe", [3, 0, 0, 0, 0, 0]));
        yield return Named("a box of another type", Box("free", [2, 0, 0, 0, 0, 1, 0, 0, .. "vvc1\0"u8]));
    }

    [TestCaseSource(nameof(Entries))]
    public void An_entry_that_names_no_kind_is_skipped(byte[] entry)
    {
        Assert.That(Read(With(Item(1, "hvc1"), entry)), Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)));
        Assert.That(() => Read(With(entry, Item(1, "vvc1"))), Throws.TypeOf<ArtworkFailedException>(),
            "the entry behind it counts");
    }

    private static IEnumerable<TestCaseData> WithoutSize()
    {
        yield return Named("no primary item", Meta(Properties([Size(30, 20)], Uses(false, false, (1, [1])))));
        yield return Named("a primary item without number", Around(Box("pitm", [0, 0, 0, 0])));
        yield return Named("half a number of the primary item", Around(Box("pitm", [0, 0, 0, 0, 1])));
        yield return Named("half a long number of the primary item", Around(Box("pitm", [1, 0, 0, 0, 0, 1])));
        yield return Named("no properties", Meta(Chosen(1), Items(0, Item(1, "hvc1"))));
        yield return Named("properties of another item", Uses(Uses(false, false, (2, [1]))));
        yield return Named("property 0", Uses(Uses(false, false, (1, [0]))));
        yield return Named("a property beyond the last", Uses(Uses(false, false, (1, [2]))));
        yield return Named("a property that is no size", Meta(Chosen(1), Properties([Box("pixi", new byte[12])],
            Uses(false, false, (1, [1])))));
        yield return Named("a size that ends early", Meta(Chosen(1), Properties(
            [Box("ispe", [0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0])], Uses(false, false, (1, [1])))));

        yield return Named("associations without content", Uses(Box("ipma", [])));
        yield return Named("associations without a count", Uses(Box("ipma", [0, 0, 0, 0])));
        yield return Named("associations with half a count", Uses(Box("ipma", [0, 0, 0, 0, 0, 0, 0])));
        yield return Named("associations without entries", Uses(Box("ipma", [0, 0, 0, 0, 0, 0, 0, 1])));
        yield return Named("half a number", Uses(Box("ipma", [0, 0, 0, 0, 0, 0, 0, 1, 0])));
        yield return Named("half a long number", Uses(Box("ipma", [1, 0, 0, 0, 0, 0, 0, 1, 0, 0])));
        yield return Named("three bytes of a long number", Uses(Box("ipma", [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])));
        yield return Named("an entry without its count", Uses(Box("ipma", [0, 0, 0, 0, 0, 0, 0, 1, 0, 1])));
        yield return Named("an entry without its indexes", Uses(Box("ipma", [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1])));
        yield return Named("half a wide index", Uses(Box("ipma", [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0])));
        yield return Named("an entry behind the last", Uses(Box("ipma", [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1])));
        yield return Named("an entry behind the last of one",
            Uses(Box("ipma", [0, 0, 0, 0, 0, 0, 0, 1, 0, 9, 1, 1, 0, 1, 1, 1])));
    }

    [TestCaseSource(nameof(WithoutSize))]
    public void A_header_without_a_size_is_damaged(byte[] meta) => Assert.That(Read(meta), Is.Null);

    private static IEnumerable<TestCaseData> Lengths()
    {
        yield return Named("below its own header", [0, 0, 0, 4, .. "free"u8]);
        yield return Named("one below its own header", [0, 0, 0, 7, .. "free"u8]);
        yield return Named("beyond the file", [0, 1, 0, 0, .. "free"u8]);
        yield return Named("of 64 bits, below its own header", [0, 0, 0, 1, .. "free"u8, 0, 0, 0, 0, 0, 0, 0, 15]);
        yield return Named("of 64 bits, beyond the file", [0, 0, 0, 1, .. "free"u8, 0, 0, 0, 1, 0, 0, 0, 16]);
        yield return Named("of 64 bits, all set",
            [0, 0, 0, 1, .. "free"u8, 255, 255, 255, 255, 255, 255, 255, 255]);
    }

    [TestCaseSource(nameof(Lengths))]
    public void Nothing_is_read_behind_a_box_with_a_wrong_length(byte[] box)
    {
        Assert.That(Read([.. box, .. Small()]), Is.Null, "before the metadata");
        Assert.That(Read(Meta([.. box, .. Chosen(1)], Properties([Size(30, 20)], Uses(false, false, (1, [1]))))),
            Is.Null, "in the metadata");
        Assert.That(Read([.. Small(), .. box]), Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)),
            "behind the metadata");
    }

    [Test]
    public void A_header_that_ends_early_is_damaged_wherever_it_ends()
    {
        byte[] file = [.. s_start, .. Small()];
        for (var length = 0; length < file.Length; length++)
            Assert.That(HeifHeader.Read(SecondFormat.Heic, file.AsSpan(0, length), isWhole: true), Is.Null,
                $"after {length} bytes");
    }

    [Test]
    public void A_length_of_64_bits_is_read()
    {
        var content = Small()[8..];
        byte[] meta = [0, 0, 0, 1, .. "meta"u8, 0, 0, 0, 0, .. Int32(content.Length + 16), .. content];
        byte[] before = [0, 0, 0, 1, .. "free"u8, 0, 0, 0, 0, 0, 0, 0, 16];
        Assert.That(Read([.. before, .. meta]), Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)));
    }

    [Test]
    public void A_box_of_length_0_reaches_to_the_end() =>
        Assert.That(Read([0, 0, 0, 0, .. Small()[4..]]), Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)));

    /// <summary>Memory is booked by the beginning of a file: the rest may not tell another size.</summary>
    [Test]
    public void Of_two_metadata_boxes_the_first_one_counts() =>
        Assert.That(Read([.. Small(), .. Meta(Chosen(2), Properties([Size(8, 8), Size(9, 9)],
            Uses(false, false, (2, [2]))))]), Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)));

    private static IEnumerable<TestCaseData> Films()
    {
        yield return Named("with content", Box("moov", new byte[64]));
        yield return Named("without content", Box("moov", []));
        yield return Named("without content, its length in 64 bits",
            [0, 0, 0, 1, .. "moov"u8, 0, 0, 0, 0, 0, 0, 0, 16]);
    }

    [TestCaseSource(nameof(Films))]
    public void A_film_without_a_still_image_is_refused_once_the_file_is_whole(byte[] film)
    {
        var problem = Assert.Throws<ArtworkFailedException>(() => Read(film))!;
        Assert.That((problem.Failure.Code, problem.Message), Is.EqualTo(("unsupported_format",
            "HEIC sequences without a still image are not supported.")));
        Assert.That(HeifHeader.Read(SecondFormat.Heic, [.. s_start, .. film], isWhole: false), Is.Null,
            "the image may follow");
        Assert.That(Read([.. film, .. Small()]), Is.EqualTo(new ImageHeader(SecondFormat.Heic, 30, 20)),
            "the image follows");
    }

    [Test]
    public void A_file_with_neither_image_nor_film_is_damaged([Values] bool isWhole) =>
        Assert.That(HeifHeader.Read(SecondFormat.Avif, [.. s_start, .. Box("mdat", new byte[64])], isWhole), Is.Null);

    private static ImageHeader? Read(byte[] boxes) =>
        ImageHeader.Read(SecondFormat.Heic, [.. s_start, .. boxes]);

    /// <summary>Metadata of one item with 30 x 20 pixels.</summary>
    private static byte[] Small() => With(Item(1, "hvc1"));

    private static byte[] With(params byte[][] items) =>
        Meta(Chosen(1), Items(0, items), Properties([Size(30, 20)], Uses(false, false, (1, [1]))));

    private static byte[] Around(byte[] chosen) =>
        Meta(chosen, Properties([Size(30, 20)], Uses(false, false, (1, [1]))));

    private static byte[] Uses(byte[] associations) => Meta(Chosen(1), Properties([Size(30, 20)], associations));

    private static byte[] Meta(params byte[][] boxes) =>
        Box("meta", [0, 0, 0, 0, .. boxes.SelectMany(box => box)]);

    private static byte[] Chosen(int item, bool isLong = false) =>
        Box("pitm", [(byte)(isLong ? 1 : 0), 0, 0, 0, .. Id(item, isLong)]);

    private static byte[] Items(int version, params byte[][] items) => Box("iinf", [(byte)version, 0, 0, 0,
        .. version == 0 ? Int16(items.Length) : Int32(items.Length), .. items.SelectMany(item => item)]);

    private static byte[] Item(int item, string kind, bool isLong = false, string name = "\0") => Box("infe",
        [(byte)(isLong ? 3 : 2), 0, 0, 0, .. Id(item, isLong), 0, 0, .. Encoding.ASCII.GetBytes(kind + name)]);

    private static byte[] Properties(byte[][] properties, params byte[][] uses) =>
        Box("iprp", [.. Box("ipco", [.. properties.SelectMany(box => box)]), .. uses.SelectMany(box => box)]);

    private static byte[] Uses(bool isLong, bool isWide, params (int Item, int[] Properties)[] uses) =>
        Box("ipma", [(byte)(isLong ? 1 : 0), 0, 0, (byte)(isWide ? 1 : 0), .. Int32(uses.Length),
            .. uses.SelectMany(use => (byte[])[.. Id(use.Item, isLong), (byte)use.Properties.Length,
                .. use.Properties.SelectMany(index => isWide ? Int16(index) : [(byte)index])])]);

    private static byte[] Id(int item, bool isLong) => isLong ? Int32(item) : Int16(item);

    private static TestCaseData Named(string name, byte[] bytes) => new TestCaseData(bytes).SetArgDisplayNames(name);
}
