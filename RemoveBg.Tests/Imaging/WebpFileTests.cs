using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Imaging.Codecs.Webp;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Imaging;

/// <summary>Files we write, read back by libwebp (in Skia).</summary>
public sealed class WebpFileTests
{
    [Test]
    public void Alpha_of_every_kind_and_size_is_read_back_exactly(
        [Values(
            "transparent", "opaque", "half", "disc", "ramp", "stripes", "noise", "noise around half", "rare values",
            "one pixel")] string kind,
        [Values("1x1", "2x1", "1x2", "3x2", "17x16", "16x17", "1x9000", "9000x1", "300x200", "640x480")] string size)
    {
        var (width, height) = (int.Parse(size.Split('x')[0]), int.Parse(size.Split('x')[1]));
        using var photo = Make(width, height, Kind(kind, width, height));
        var expected = Alphas(photo);

        Assert.That(Alphas(Read(Write(photo))), Is.EqualTo(expected));
    }

    [Test]
    public void Noisy_alpha_is_filtered_from_the_left_and_smooth_alpha_by_gradient()
    {
        // The gradient filter predicts the sum of a column's and a row's offset exactly.
        int[] columns = [.. Offsets(1)], rows = [.. Offsets(2)];
        using var smooth = Make(200, 200, (x, y) => (byte)(columns[x] + rows[y]));
        using var noisy = Make(200, 200, Kind("noise around half", 200, 200));
        var expected = Alphas(noisy);

        Assert.Multiple(() =>
        {
            Assert.That(AlphaChunk.ChooseFilter(smooth), Is.EqualTo(AlphaChunk.Gradient));
            Assert.That(AlphaChunk.ChooseFilter(noisy), Is.EqualTo(AlphaChunk.Horizontal));
            Assert.That(AlphaChunk.Of(smooth)[0] >> 2, Is.EqualTo(AlphaChunk.Gradient), "the chunk's header");
            Assert.That(AlphaChunk.Of(noisy)[0] >> 2, Is.EqualTo(AlphaChunk.Horizontal), "the chunk's header");
            Assert.That(Alphas(Read(Write(noisy))), Is.EqualTo(expected));
        });

        static IEnumerable<int> Offsets(int seed)
        {
            var random = new Random(seed);
            return Enumerable.Range(0, 200).Select(_ => random.Next(100)).ToList();
        }
    }

    [Test]
    public void Colour_is_about_as_accurate_as_with_Skia_alone([Values("mug", "fur")] string scene,
        [Values("libvips", "Skia")] string encoder)
    {
        // libvips' lower effort costs half a decibel, which is 12 % of the squared error.
        var tolerance = encoder == "Skia" ? 1.1 : 1.15;
        using var photo = Decode.Run(File.ReadAllBytes(Repo.Sample($"scene-{scene}.jpg")), new()).Photo;
        using var matte = Decode.Run(File.ReadAllBytes(Repo.Sample($"scene-{scene}.alpha.png")), new()).Photo;
        for (var y = 0; y < photo.Height; y++)
            for (var x = 0; x < photo.Width; x++)
            {
                ref var pixel = ref photo.Row(y)[x];
                var alpha = matte.Row(y)[x] & 255;
                pixel = alpha == 0 ? 0 : pixel & 0xFFFFFF | alpha << 24;
            }
        using var skia = new MemoryStream();
        Skia(photo, skia);
        var theirs = Error(photo, skia.ToArray());
        using var copy = Copy(photo);

        Assert.That(Error(photo, Write(copy, encoder == "Skia" ? LossyColour.BySkia : LossyColour.ByVips)),
            Is.LessThanOrEqualTo(theirs * tolerance));
    }

    [Test]
    public unsafe void A_large_photo_gives_the_same_file_and_frees_its_pixels_first()
    {
        using var photo = Make(8000, 3001, Kind("disc", 8000, 3001));
        Assume.That(photo.PixelCount, Is.GreaterThan(WebpFile.LargePhoto));
        for (var y = 0; y < photo.Height; y += 3)
            for (var x = y % 5; x < photo.Width; x += 7) photo.Row(y)[x] |= (uint)(x * 31 + y * 17) & 0xFFFFFF;
        using var copy = Copy(photo);
        var asSmall = Write(copy, LossyColour.ByVips);

        var asLarge = Write(photo);

        Assert.That(asLarge.AsSpan().SequenceEqual(asSmall));
        Assert.That(photo.Pixels is null && copy.Pixels is not null);
    }

    [Test]
    public void Libvips_is_found_on_the_platforms_it_is_packaged_for() => Assert.That(LossyColour.HasVips);

    [Test]
    public void Invisible_pixels_get_their_blocks_mean_visible_colour_or_stay_black()
    {
        using var photo = Make(48, 16, (x, _) => (byte)(x < 20 ? 255 : 0));
        for (var y = 0; y < 16; y++)
            for (var x = 0; x < 48; x++) photo.Row(y)[x] = x < 20 ? 0xFF_30_20_10 : 0;

        InvisibleColour.Smooth(photo);

        Assert.Multiple(() =>
        {
            Assert.That(photo.Row(3)[19], Is.EqualTo(0xFF_30_20_10), "visible");
            Assert.That(photo.Row(3)[20], Is.EqualTo(0x00_30_20_10), "the rest of its block");
            Assert.That(photo.Row(3)[32], Is.Zero, "the next block");
        });
    }

    [Test]
    public void A_prefix_code_stays_within_15_bits_however_uneven_the_counts()
    {
        // Fibonacci counts give the longest words: 40 of them would need 39 bits.
        long[] counts = new long[280];
        (counts[0], counts[1]) = (1, 1);
        for (var i = 2; i < 40; i++) counts[i] = counts[i - 1] + counts[i - 2];
        var code = new PrefixCode(counts);

        var lengths = Enumerable.Range(0, 40).Select(symbol => Length(code, symbol)).ToArray();

        Assert.Multiple(() =>
        {
            Assert.That(lengths, Is.All.InRange(1, 15));
            Assert.That(lengths.Sum(length => Math.Pow(2, -length)), Is.EqualTo(1), "complete (Kraft's sum)");
            Assert.That(lengths[39], Is.LessThan(lengths[0]), "frequent symbols have short words");
        });
    }

    private static int Length(PrefixCode code, int symbol)
    {
        // 64 words of n bits take 8n bytes, so the number of bytes gives the length of one word.
        var bits = new BitWriter();
        for (var i = 0; i < 64; i++) code.Write(bits, symbol);
        return bits.Finish().Length / 8;
    }

    private static Func<int, int, byte> Kind(string kind, int width, int height)
    {
        var random = new Random(7);
        return kind switch
        {
            "transparent" => (_, _) => 0,
            "opaque" => (_, _) => 255,
            "half" => (_, _) => 128,
            "disc" => (x, y) => (byte)Math.Clamp(128 + 20
                * (height / 3.0 - Math.Sqrt(Math.Pow(x - width / 2.0, 2) + Math.Pow(y - height / 2.0, 2))), 0, 255),
            "ramp" => (x, y) => (byte)(x + 2 * y),
            "stripes" => (x, y) => (byte)((x / 7 + y / 5) % 2 * 255),
            "noise around half" => (_, _) => (byte)(120 + random.Next(16)),
            "noise" => (_, _) => (byte)random.Next(256),
            "rare values" => (_, _) => (byte)Math.Min(255, -4 * Math.Log(random.NextDouble())),
            "one pixel" => (x, y) => (byte)(x == width - 1 && y == height - 1 ? 1 : 0),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    private static Photo Make(int width, int height, Func<int, int, byte> alpha)
    {
        var photo = new Photo(width, height, isOpaque: false);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++) photo.Row(y)[x] = (uint)alpha(x, y) << 24;
        return photo;
    }

    private static Photo Copy(Photo photo)
    {
        var copy = new Photo(photo.Width, photo.Height, photo.IsOpaque);
        for (var y = 0; y < photo.Height; y++) photo.Row(y).CopyTo(copy.Row(y));
        return copy;
    }

    private static byte[] Write(Photo photo, Func<Photo, int, byte[]>? colourOf = null)
    {
        using var target = new MemoryStream();
        WebpFile.Write(photo, 90, target, colourOf);
        return target.ToArray();
    }

    private static unsafe void Skia(Photo photo, Stream target)
    {
        using var pixmap = new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul),
            (nint)photo.Pixels);
        Assert.That(pixmap.Encode(target, new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, 90)));
    }

    private static Photo Read(byte[] file) => Decode.Run(file, new()).Photo;

    private static byte[] Alphas(Photo photo)
    {
        var alphas = new byte[photo.PixelCount];
        for (var y = 0; y < photo.Height; y++)
            for (var x = 0; x < photo.Width; x++) alphas[y * photo.Width + x] = (byte)(photo.Row(y)[x] >> 24);
        return alphas;
    }

    /// <summary>Returns the mean squared error of visible pixels.</summary>
    private static double Error(Photo photo, byte[] file)
    {
        using var back = Read(file);
        var (sum, count) = (0.0, 0);
        for (var y = 0; y < photo.Height; y++)
            for (var x = 0; x < photo.Width; x++)
            {
                if (photo.Row(y)[x] >> 24 == 0) continue;
                count++;
                for (var shift = 0; shift < 24; shift += 8)
                    sum += Math.Pow((int)(photo.Row(y)[x] >> shift & 255) - (int)(back.Row(y)[x] >> shift & 255), 2);
            }
        return sum / count;
    }
}
