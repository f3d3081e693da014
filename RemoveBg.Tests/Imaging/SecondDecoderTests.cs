using ImageMagick;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

/// <summary>Pixels of HEIC, AVIF, TIFF and JPEG XL files. The decoder runs as the service starts it.</summary>
public sealed class SecondDecoderTests
{
    private static readonly ImageOptions Limits = new();

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public void A_photo_decodes_to_its_pixels(string format)
    {
        var (width, height) = format == SecondFiles.Heic ? (160u, 106u) : (64u, 48u);
        using var photo = Decoded(SecondFiles.Small(format));
        using var original = Decoded(SecondFiles.Write(SecondFiles.Tiff, SecondFiles.Picture(width, height)));
        Assert.That((photo.Width, photo.Height, photo.IsOpaque), Is.EqualTo(((int)width, (int)height, true)));
        Assert.That(Difference(photo, original),
            Is.LessThan(format is SecondFiles.Tiff or SecondFiles.JpegXl ? 0.01 : 4));
    }

    /// <summary>The decoder reports the orientation, and <see cref="Orient"/> applies it, as for a JPEG.</summary>
    [Test]
    public void Orientation_is_applied_once([Values(SecondFiles.Tiff, SecondFiles.JpegXl)] string format,
        [Range(1, 8)] int orientation)
    {
        using var stored = Decode.Run(SecondFiles.Write(format, SecondFiles.Picture(64, 48)), Limits).Photo;
        var file = SecondFiles.Write(format, SecondFiles.Picture(64, 48),
            image => image.Orientation = (ImageMagick.Orientation)orientation);

        using var photo = Decoded(file);

        var (again, _) = Decode.Run(SecondFiles.Write(format, SecondFiles.Picture(64, 48)), Limits);
        using var expected = Orient.Run(again, (ExifOrientation)orientation);
        Assert.That((photo.Width, photo.Height), Is.EqualTo(orientation >= 5 ? (48, 64) : (64, 48)));
        Assert.That(Difference(photo, expected), Is.Zero);
        if (orientation > 1 && orientation < 5) Assert.That(Difference(photo, stored), Is.GreaterThan(5));
    }

    [TestCase(1, -1, 8)]
    [TestCase(2, -1, 3)]
    [TestCase(3, -1, 6)]
    [TestCase(0, 0, 4)]
    [TestCase(0, 1, 2)]
    public void Turns_and_mirrors_of_a_heif_are_applied_once(int quarters, int axis, int expected)
    {
        var file = new HeifFile();
        file.AddMug([.. quarters > 0 ? [HeifFile.Turned(quarters)] : Array.Empty<byte[]>(),
            .. axis >= 0 ? [HeifFile.Mirrored(axis)] : Array.Empty<byte[]>()]);

        using var photo = Decoded(file.ToArray());

        using var upright = Orient.Run(Decode.Run(HeifFile.Mug, Limits).Photo, (ExifOrientation)expected);
        Assert.That((photo.Width, photo.Height), Is.EqualTo((upright.Width, upright.Height)));
        // Colours are coded at half the size, and placed between the pixels differently when they are turned.
        Assert.That(Difference(photo, upright), Is.LessThan(2));
    }

    /// <summary>Phones write both: the turn in the container, and the same in EXIF for programs that read
    /// only that.</summary>
    [Test]
    public void The_exif_orientation_of_a_heif_does_not_turn_it_again()
    {
        var file = new HeifFile();
        var mug = file.AddMug(HeifFile.Turned(3));
        var exif = file.Add("Exif", [0, 0, 0, 0, .. Exif(6)], []);
        file.Refer("cdsc", exif, mug);
        using var photo = Decoded(file.ToArray());
        Assert.That((photo.Width, photo.Height), Is.EqualTo((106, 160)));
    }

    [Test]
    public void The_exif_orientation_of_a_jpeg_xl_does_not_count()
    {
        var file = SecondFiles.Write(SecondFiles.JpegXl, SecondFiles.Picture(64, 48), image =>
        {
            image.SetProfile(new ImageProfile("exif", [.. "Exif\0\0"u8, .. Exif(6)]));
            image.Orientation = ImageMagick.Orientation.TopLeft;
        });
        using var photo = Decoded(file);
        Assert.That((photo.Width, photo.Height), Is.EqualTo((64, 48)));
    }

    /// <summary>The first decoder converts the same profile in a JPEG or PNG; both must agree.</summary>
    [TestCase(SecondFiles.Heic)]
    [TestCase(SecondFiles.Avif)]
    [TestCase(SecondFiles.Tiff)]
    [TestCase(SecondFiles.JpegXl)]
    public void A_profile_is_converted_to_srgb_as_the_first_decoder_does(string format)
    {
        var icc = File.ReadAllBytes(Repo.Sample("variants/mug-display-p3.icc"));
        byte[] file, png;
        if (format == SecondFiles.Heic)
        {
            var heif = new HeifFile();
            heif.AddMug(HeifFile.Profile(icc));
            file = heif.ToArray();
            using var stored = Decode.Run(HeifFile.Mug, Limits).Photo;
            png = WithProfile(stored, icc);
        }
        else
        {
            file = SecondFiles.Write(format, SecondFiles.Picture(64, 48),
                image => image.SetProfile(new ColorProfile(icc)));
            using var stored = Decode.Run(SecondFiles.Write(format, SecondFiles.Picture(64, 48)), Limits).Photo;
            png = WithProfile(stored, icc);
        }

        using var photo = Decoded(file);

        using var expected = Decoded(png);
        Assert.That(Difference(photo, expected), Is.LessThan(format == SecondFiles.Avif ? 2 : 1));
    }

    [Test]
    public void A_cmyk_tiff_has_the_colours_of_the_cmyk_jpeg()
    {
        byte[] tiff;
        using (var cmyk = new MagickImage(Repo.Sample("variants/mug-cmyk.jpg")))
            tiff = cmyk.ToByteArray(MagickFormat.Tiff);
        using var photo = Decoded(tiff);
        using var expected = Decoded(File.ReadAllBytes(Repo.Sample("variants/mug-cmyk.jpg")));
        Assert.That(Difference(photo, expected), Is.LessThan(3));
    }

    [TestCase("grey")]
    [TestCase("bilevel")]
    [TestCase("palette")]
    [TestCase("lab")]
    [TestCase("16 bits")]
    [TestCase("planes")]
    [TestCase("jpeg inside")]
    public void Every_kind_of_tiff_decodes(string kind)
    {
        var file = SecondFiles.Write(SecondFiles.Tiff, SecondFiles.Picture(64, 48), image =>
        {
            if (kind is "grey") image.ColorType = ColorType.Grayscale;
            if (kind is "bilevel") image.ColorType = ColorType.Bilevel;
            if (kind is "palette") image.Quantize(new QuantizeSettings { Colors = 200 });
            if (kind is "palette") image.ColorType = ColorType.Palette;
            if (kind is "lab") image.ColorSpace = ColorSpace.Lab;
            if (kind is "16 bits") image.Depth = 16;
            if (kind is "planes") image.Settings.Interlace = Interlace.Plane;
            if (kind is "jpeg inside") image.Settings.Compression = CompressionMethod.JPEG;
        });
        using var photo = Decoded(file);
        using var original = Decoded(SecondFiles.Write(SecondFiles.Tiff, SecondFiles.Picture(64, 48), image =>
        {
            if (kind is "grey") image.Grayscale();
            if (kind is "bilevel") image.ColorType = ColorType.Bilevel;
        }));
        Assert.That(Difference(photo, original), Is.LessThan(6));
    }

    [TestCase(SecondFiles.Avif)]
    [TestCase(SecondFiles.Tiff)]
    [TestCase(SecondFiles.JpegXl)]
    public void Alpha_is_kept(string format)
    {
        using var photo = Decoded(SecondFiles.Write(format, Transparent()));
        Assert.That(photo.IsOpaque, Is.False);
        AssertTransparent(photo);
    }

    /// <summary>Colours that the file has multiplied by alpha are divided by it again.</summary>
    [Test]
    public void Premultiplied_alpha_of_a_tiff_is_undone()
    {
        // Tag 338 says what the fourth sample is: 1 is alpha that colours are multiplied by, 2 is straight alpha.
        using var photo = Decoded(SecondFiles.PlainTiff(2, [100, 50, 20, 128], extraSamples: 1));
        Assert.That(photo.Row(8)[8], Is.EqualTo(0x8028_64C7).Or.EqualTo(0x8028_64C8));
        using var straight = Decoded(SecondFiles.PlainTiff(2, [200, 100, 40, 128], extraSamples: 2));
        Assert.That(straight.Row(8)[8], Is.EqualTo(0x8028_64C8));
    }

    /// <summary>Fax machines and scanners write photometric interpretation 0.</summary>
    [Test]
    public void A_tiff_whose_white_is_zero_is_not_inverted()
    {
        using var photo = Decoded(SecondFiles.PlainTiff(0, [10]));
        Assert.That(photo.Row(8)[8], Is.EqualTo(0xFFF5_F5F5));
    }

    [Test]
    public void A_heic_with_10_bits_and_alpha_decodes()
    {
        using var photo = Decoded(HeifFile.WithAlpha);
        Assert.That((photo.Width, photo.Height, photo.IsOpaque), Is.EqualTo((64, 48, false)));
        Assert.That((photo.Row(0)[32] >> 24, photo.Row(47)[32] >> 24), Is.EqualTo((0u, 255u)).Within(8u));
    }

    [Test]
    public void An_avif_with_10_bits_decodes()
    {
        var file = SecondFiles.Write(SecondFiles.Avif, SecondFiles.Picture(64, 48), image => image.Depth = 10);
        using var photo = Decoded(file);
        using var original = Decoded(SecondFiles.Small(SecondFiles.Tiff));
        Assert.That(Difference(photo, original), Is.LessThan(4));
    }

    /// <summary>The photos of iPhones are grids of tiles, turned, with a thumbnail, the gain map and the film of a live
    /// photo.</summary>
    [Test]
    public void A_photo_of_a_phone_decodes_as_a_whole()
    {
        // Some phones put the film of a live photo behind it, as a file in a box.
        byte[] film = [.. HeifFile.Box("ftyp", [.. "isom\0\0\0\0"u8]), .. HeifFile.Box("moov", new byte[40])];
        var file = new HeifFile { After = HeifFile.Box("mpvd", film) };
        int[] tiles = [file.AddMug(), file.AddMug(), file.AddMug(), file.AddMug()];
        // The right and lower edges are cut off.
        file.Primary = file.AddGrid(2, 2, 300, 200, tiles, HeifFile.Turned(3));
        file.Refer("thmb", file.AddMug(), file.Primary);
        file.Refer("auxl", file.AddMug(HeifFile.Box("auxC",
            [0, 0, 0, 0, .. "urn:com:apple:photo:2020:aux:hdrgainmap\0"u8])), file.Primary);

        using var photo = Decoded(file.ToArray());

        Assert.That((photo.Width, photo.Height), Is.EqualTo((200, 300)));
        using var tile = Decode.Run(HeifFile.Mug, Limits).Photo;
        using var whole = Orient.Run(Decode.Run(file.ToArray(), Limits).Photo, ExifOrientation.NeedsCounterClockwise);
        var most = 0;
        for (var y = 0; y < 200; y += 7)
            for (var x = 0; x < 300; x += 7)
                most = Math.Max(most, Distance(whole.Row(y)[x], tile.Row(y % 106)[x % 160]));
        Assert.That(most, Is.LessThan(40));
    }

    [Test]
    public void The_first_page_of_a_tiff_is_decoded()
    {
        var file = SecondFiles.TwoPages(SecondFiles.Picture(64, 48), SecondFiles.Picture(40, 30));
        using var photo = Decoded(file);
        Assert.That((photo.Width, photo.Height), Is.EqualTo((64, 48)));
    }

    [Test]
    public void A_thumbnail_before_the_photo_of_a_tiff_is_skipped()
    {
        var file = SecondFiles.TwoPages(SecondFiles.Picture(40, 30), SecondFiles.Picture(64, 48));
        // NewSubfileType (254) of the first page becomes 1, a reduced image; the writer has put 2, a page.
        var at = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[254, 0, 4, 0, 1, 0, 0, 0]);
        Assert.That(at, Is.GreaterThan(0), "the first page has the tag");
        file[at + 8] = 1;
        using var photo = Decoded(file);
        Assert.That((photo.Width, photo.Height), Is.EqualTo((64, 48)));
    }

    [Test]
    public void Files_decode_at_once() => Parallel.For(0, 6, i =>
    {
        using var photo = Decoded(SecondFiles.Small(SecondFiles.All[i % 4]));
        Assert.That(photo.PixelCount, Is.GreaterThan(3000));
    });

    private static byte[] Exif(byte orientation) =>
        [.. "MM\0*\0\0\0\b\0\x01\x01\x12\0\x03\0\0\0\x01\0"u8, orientation, 0, 0, 0, 0, 0, 0];

    private static Photo Decoded(byte[] file)
    {
        var (photo, orientation) = Decode.Run(file, Limits);
        return Orient.Run(photo, orientation);
    }

    /// <summary>Orange, half transparent on the left, opaque on the right.</summary>
    private static MagickImage Transparent()
    {
        var image = new MagickImage(new MagickColor(200, 100, 40, 128), 32, 32);
        using var right = new MagickImage(new MagickColor(200, 100, 40, 255), 16, 32);
        image.Composite(right, 16, 0, CompositeOperator.Copy);
        return image;
    }

    private static void AssertTransparent(Photo photo)
    {
        foreach (var (x, alpha) in new[] { (4, 128), (28, 255) })
        {
            var pixel = photo.Row(16)[x];
            Assert.That(pixel >> 24, Is.EqualTo((uint)alpha).Within(3u));
            Assert.That(((int)(pixel & 255), (int)(pixel >> 8 & 255), (int)(pixel >> 16 & 255)),
                Is.EqualTo((200, 100, 40)).Within(4));
        }
    }

    /// <returns>The mean difference of a channel, from 0 to 255.</returns>
    private static double Difference(Photo one, Photo other)
    {
        Assert.That((one.Width, one.Height), Is.EqualTo((other.Width, other.Height)));
        long sum = 0;
        for (var y = 0; y < one.Height; y++)
            for (var x = 0; x < one.Width; x++)
            {
                uint a = one.Row(y)[x], b = other.Row(y)[x];
                for (var shift = 0; shift < 24; shift += 8)
                    sum += Math.Abs((int)(a >> shift & 255) - (int)(b >> shift & 255));
            }
        return sum / 3.0 / one.PixelCount;
    }

    private static int Distance(uint one, uint other) => Enumerable.Range(0, 3)
        .Max(i => Math.Abs((int)(one >> 8 * i & 255) - (int)(other >> 8 * i & 255)));

    /// <summary>The photo as PNG with a profile, for the first decoder.</summary>
    private static byte[] WithProfile(Photo photo, byte[] icc)
    {
        var pixels = new byte[photo.PixelCount * 4];
        for (var y = 0; y < photo.Height; y++)
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(photo.Row(y))
                .CopyTo(pixels.AsSpan(y * photo.Width * 4));
        using var image = new MagickImage(pixels, new PixelReadSettings((uint)photo.Width, (uint)photo.Height,
            StorageType.Char, PixelMapping.RGBA));
        image.SetProfile(new ColorProfile(icc));
        return image.ToByteArray(MagickFormat.Png32);
    }
}
