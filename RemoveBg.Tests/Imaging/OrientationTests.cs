using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

public sealed class OrientationTests
{
    /// <summary>EXIF with orientation 6, a quarter turn.</summary>
    private static readonly byte[] s_turned =
        [.. "MM\0*\0\0\0\b\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"u8];

    [Test]
    public void Every_orientation_of_the_sample_gives_the_same_upright_image([Range(1, 8)] int orientation)
    {
        using var upright = Upright(Repo.Sample("variants/mug-exif-orientation-1.jpg"));
        using var turned = Upright(Repo.Sample($"variants/mug-exif-orientation-{orientation}.jpg"));
        Assert.That((turned.Width, turned.Height), Is.EqualTo((upright.Width, upright.Height)));
        Assert.That(MeanDifference(turned, upright), Is.LessThan(2),
            "mean difference per channel; the files have different JPEG blocks");
    }

    /// <summary>libvips writes the orientation and turns the reference.</summary>
    [Test]
    public void Files_written_by_libvips_become_upright([Range(2, 8)] int orientation,
        [Values("webp", "png")] string format)
    {
        using var sample = NetVips.Image.NewFromFile(Repo.Sample("scene-mug.jpg"));
        using var small = sample.ThumbnailImage(160);
        using var tagged = small.Mutate(image => image.Set(NetVips.GValue.GIntType, "orientation", orientation));
        using var turned = tagged.Autorot();
        using var upright = Upright(format == "png" ? tagged.PngsaveBuffer() : tagged.WebpsaveBuffer(lossless: true));
        using var reference = Upright(turned.PngsaveBuffer(keep: NetVips.Enums.ForeignKeep.None));
        Assert.That((upright.Width, upright.Height), Is.EqualTo((reference.Width, reference.Height)));
        Assert.That(MeanDifference(upright, reference), Is.Zero);
    }

    [Test]
    public void Png_files_become_upright_whichever_chunk_holds_the_orientation([Range(1, 8)] int orientation,
        [Values("eXIf", "eXIf with the header of a JPEG", "zTXt", "tEXt", "iTXt")] string chunk)
    {
        using var stored = ResampleTests.Paint(5, 3, (x, y) => 0xFF000000 | (uint)(x * 40 + y * 10_000));
        var (decoded, found) = Decode.Run(PngFile.With(stored, chunk, (byte)orientation), new());
        Assert.That((int)found, Is.EqualTo(orientation));
        using var upright = Orient.Run(decoded, found);
        Assert.That(upright.Width, Is.EqualTo(orientation < 5 ? 5 : 3));
    }

    [Test]
    public void Of_many_compressed_profiles_one_is_inflated_and_only_its_beginning()
    {
        var file = PngFile.Blank(8, 8);
        var bomb = PngFile.Chunk("zTXt",
            [.. "Raw profile type exif\0\0"u8, .. PngFile.Deflate(new byte[10_000_000])]);
        byte[] bombs = [.. file[..33], .. Enumerable.Repeat(bomb, 200).SelectMany(chunk => chunk), .. file[33..]];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(ExifReader.OrientationOf(bombs), Is.EqualTo(ExifOrientation.Upright));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(4_000_000));
    }

    [Test]
    public void Of_a_long_text_only_the_beginning_is_read()
    {
        var file = PngFile.Blank(8, 8);
        var text = PngFile.Chunk("tEXt", [.. "Raw profile type exif\0"u8, .. Enumerable.Repeat((byte[])[.. "a\n"u8],
            2_500_000).SelectMany(line => line)]);
        byte[] lengthy = [.. file[..33], .. text, .. file[33..]];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(ExifReader.OrientationOf(lengthy), Is.EqualTo(ExifOrientation.Upright));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(10_000_000));
    }

    [Test]
    public void Each_orientation_moves_every_pixel_as_exif_defines([Range(1, 8)] int orientation)
    {
        // Numbered pixels, 3 x 2. The expected order is taken by hand from EXIF 2.32, figure of tag 0x0112.
        int[] expected = orientation switch
        {
            1 => [1, 2, 3, 4, 5, 6],
            2 => [3, 2, 1, 6, 5, 4],
            3 => [6, 5, 4, 3, 2, 1],
            4 => [4, 5, 6, 1, 2, 3],
            5 => [1, 4, 2, 5, 3, 6],
            6 => [4, 1, 5, 2, 6, 3],
            7 => [6, 3, 5, 2, 4, 1],
            _ => [3, 6, 2, 5, 1, 4],
        };
        var photo = new Photo(3, 2, isOpaque: true);
        for (uint i = 0; i < 6; i++) photo.Row((int)i / 3)[(int)i % 3] = i + 1;
        using var upright = Orient.Run(photo, (ExifOrientation)orientation);
        Assert.That((upright.Width, upright.Height), Is.EqualTo(orientation < 5 ? (3, 2) : (2, 3)));
        Assert.That(Enumerable.Range(0, upright.Height).SelectMany(y => upright.Row(y).ToArray()),
            Is.EqualTo(expected));
    }

    [TestCase("")]
    [TestCase("II*\0")]
    [TestCase("II*\0\xFF\xFF\xFF\xFF\0\0\0\0\0\0")]
    [TestCase("MM\0*\0\0\0\b\xFF\xFF\x01\x12\0\x03\0\0\0\x01\0\x09\0\0")]
    public void Malformed_exif_counts_as_upright(string tiff)
    {
        byte[] chunk = System.Text.Encoding.Latin1.GetBytes(tiff);
        byte[] file = [.. "RIFF\0\0\0\0WEBPEXIF"u8, (byte)chunk.Length, 0, 0, 0, .. chunk];
        Assert.That(ExifReader.OrientationOf(file), Is.EqualTo(ExifOrientation.Upright));
    }

    /// <summary>Cameras sort the entries by tag: the size comes before the orientation.</summary>
    [Test]
    public void Entries_before_the_orientation_are_skipped()
    {
        byte[] width = [1, 0, 0, 3, 0, 0, 0, 1, 0, 3, 0, 0], orientation = [1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0];
        byte[] tiff = [.. "MM\0*\0\0\0\b\0\x02"u8, .. width, .. orientation, 0, 0, 0, 0];
        byte[] file = [.. "RIFF\0\0\0\0WEBPEXIF"u8, (byte)tiff.Length, 0, 0, 0, .. tiff];
        Assert.That((int)ExifReader.OrientationOf(file), Is.EqualTo(6));
    }

    [Test]
    public void An_orientation_in_the_last_chunk_of_a_png_is_read()
    {
        // No end marker follows.
        byte[] file = [.. PngFile.Blank(8, 8)[..^12], .. PngFile.Chunk("eXIf", s_turned)];
        Assert.That((int)ExifReader.OrientationOf(file), Is.EqualTo(6));
    }

    [Test]
    public void A_chunk_that_is_longer_than_the_png_ends_the_search()
    {
        byte[] cut = [0, 0, 0, 30, .. "eXIf"u8, .. s_turned];
        var text = PngFile.Chunk("tEXt", [.. "Raw profile type exif\0"u8, .. Profile()]);
        var start = PngFile.Blank(8, 8)[..33];
        Assert.That(ExifReader.OrientationOf([.. start, .. cut]), Is.EqualTo(ExifOrientation.Upright));
        Assert.That((int)ExifReader.OrientationOf([.. start, .. text, .. cut]), Is.EqualTo(6),
            "the text before it counts");
    }

    [Test]
    public void International_text_may_have_a_language_and_a_translated_keyword([Values] bool isCompressed,
        [Values("", "en")] string language, [Values("", "Rohprofil")] string keyword)
    {
        byte[] content = [.. "Raw profile type exif\0"u8, (byte)(isCompressed ? 1 : 0), 0,
            .. System.Text.Encoding.UTF8.GetBytes($"{language}\0{keyword}\0"),
            .. isCompressed ? PngFile.Deflate(Profile()) : Profile()];
        Assert.That((int)ExifReader.OrientationOf(Png(PngFile.Chunk("iTXt", content))), Is.EqualTo(6));
    }

    private static IEnumerable<TestCaseData> Unreadable()
    {
        var keyword = "Raw profile type exif\0"u8.ToArray();
        yield return Named("nothing", PngFile.Chunk("zTXt", keyword));
        yield return Named("nothing but the method", PngFile.Chunk("zTXt", [.. keyword, 0]));
        // Method 0 is the only one (PNG, section 11.3.3.3).
        yield return Named("compressed by an unknown method",
            PngFile.Chunk("zTXt", [.. keyword, 1, .. PngFile.Deflate(Profile())]));
        yield return Named("not compressed", PngFile.Chunk("zTXt", [.. keyword, 0, .. Profile()]));
        yield return Named("nothing international", PngFile.Chunk("iTXt", keyword));
        yield return Named("international without languages", PngFile.Chunk("iTXt", [.. keyword, 0, 0]));
        yield return Named("international that ends in its language", PngFile.Chunk("iTXt", [.. keyword, 0, 0, 1]));
        yield return Named("international that ends in its keyword",
            PngFile.Chunk("iTXt", [.. keyword, 0, 0, 0, .. Profile()]));

        static TestCaseData Named(string name, byte[] chunk) => new TestCaseData(chunk).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Unreadable))]
    public void A_text_that_cannot_be_read_counts_as_upright(byte[] chunk) =>
        Assert.That(ExifReader.OrientationOf(Png(chunk)), Is.EqualTo(ExifOrientation.Upright));

    /// <summary>A blank PNG file with a chunk behind its header.</summary>
    private static byte[] Png(byte[] chunk)
    {
        var file = PngFile.Blank(8, 8);
        return [.. file[..33], .. chunk, .. file[^12..]];
    }

    private static byte[] Profile() => System.Text.Encoding.Latin1.GetBytes(
        $"\nexif\n{s_turned.Length,8}\n{Convert.ToHexStringLower(s_turned)}\n");

    private static Photo Upright(string file) => Upright(File.ReadAllBytes(file));

    private static Photo Upright(byte[] file)
    {
        var (photo, orientation) = Decode.Run(file, new());
        return Orient.Run(photo, orientation);
    }

    private static double MeanDifference(Photo one, Photo other)
    {
        double sum = 0;
        for (var y = 0; y < one.Height; y++)
        {
            ReadOnlySpan<byte> a = System.Runtime.InteropServices.MemoryMarshal.AsBytes(one.Row(y)),
                b = System.Runtime.InteropServices.MemoryMarshal.AsBytes(other.Row(y));
            for (var i = 0; i < a.Length; i++) sum += Math.Abs(a[i] - b[i]);
        }
        return sum / (one.PixelCount * 3);
    }
}
