using RemoveBg.Core.Artworks;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Imaging;

/// <summary>Colours of cut-outs, compared with the same photo written in sRGB by another program.</summary>
public sealed class ColourTests
{
    /// <summary>Mean CIEDE2000 below which two images look the same side by side.</summary>
    private const double Invisible = 2;

    private Segmenter _shipped = null!;

    [OneTimeSetUp]
    public void Load() => _shipped = Networks.Shipped();

    [OneTimeTearDown]
    public void Unload() => _shipped.Dispose();

    [TestCase(50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425)]
    [TestCase(50, 2.5, 0, 73, 25, -18, 27.1492)]
    [TestCase(50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000)]
    [TestCase(2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082)]
    [TestCase(50, 2.4900, -0.0010, 50, -2.4900, 0.0011, 7.2195)]
    public void The_difference_matches_sharmas_table(double l1, double a1, double b1, double l2, double a2,
        double b2, double expected) =>
        Assert.That(ColourDifference.Between((l1, a1, b1), (l2, a2, b2)), Is.EqualTo(expected).Within(1e-4));

    [TestCase("scene-mug.jpg")]
    [TestCase("variants/mug-display-p3.jpg")]
    [TestCase("variants/mug-adobe-rgb.jpg")]
    [TestCase("variants/mug-cmyk.jpg")]
    [TestCase("variants/mug-rgb16.png")]
    public void Colours_of_opaque_parts_match_the_srgb_photo(string file) =>
        Assert.That(MeanDifference(Repo.Sample(file), Repo.Sample("scene-mug.jpg")), Is.LessThanOrEqualTo(Invisible));

    /// <summary>Compared with the palette file: its 256 dithered colours are 2.8 away from the photo's.</summary>
    [Test]
    public void Colours_of_a_palette_are_unchanged() =>
        Assert.That(MeanDifference(Repo.Sample("variants/mug-palette.png"), Repo.Sample("variants/mug-palette.png")),
            Is.EqualTo(0));

    [TestCase(OutputFormat.Png)]
    [TestCase(OutputFormat.Webp)]
    public void Grey_stays_grey(OutputFormat format)
    {
        var cutOut = CutOut(Repo.Sample("variants/mug-grey.jpg"), format);
        var reference = Picture.Read(Repo.Sample("variants/mug-grey.jpg"));
        Assert.That(MeanDifference(cutOut, reference), Is.LessThanOrEqualTo(Invisible));
        var most = 0;
        for (var y = 0; y < cutOut.Height; y++)
            for (var x = 0; x < cutOut.Width; x++)
                if (cutOut[x, y] is { A: 255 } pixel)
                    most = Math.Max(most, Math.Max(Math.Abs(pixel.R - pixel.G), Math.Abs(pixel.B - pixel.G)));
        Assert.That(most, Is.LessThanOrEqualTo(format == OutputFormat.Png ? 0 : 3));
    }

    /// <summary>LittleCMS in libvips converts the photo, with profiles of samples and one written by Skia.</summary>
    [Test]
    public void Wide_gamuts_are_converted_to_srgb(
        [Values("adobe-rgb", "display-p3", "prophoto")] string gamut, [Values("jpg", "png", "webp")] string format)
    {
        using var folder = new TemporaryFolder();
        var profile = Path.Combine(folder.Path, "profile.icc");
        File.WriteAllBytes(profile, Profile(gamut));
        using var srgb = NetVips.Image.NewFromFile(Repo.Sample("scene-mug.jpg"));
        using var wide = srgb.IccTransform(profile, inputProfile: "srgb");
        var file = Path.Combine(folder.Path, $"wide.{format}");
        // Use the best quality: coarse steps in a wide gamut are not what is tested.
        wide.WriteToFile(file, new() { ["profile"] = profile, [format == "png" ? "compression" : "Q"] =
            format == "png" ? 1 : 100 });
        Assert.That(MeanDifference(file, Repo.Sample("scene-mug.jpg")), Is.LessThanOrEqualTo(Invisible));
    }

    private static byte[] Profile(string gamut)
    {
        if (gamut != "prophoto")
        {
            using var sample = NetVips.Image.NewFromFile(Repo.Sample($"variants/mug-{gamut}.jpg"));
            return (byte[])sample.Get("icc-profile-data");
        }
        // ROMM RGB (ISO 22028-2): primaries relative to D50, gamma 1.8.
        using var space = SKColorSpace.CreateRgb(
            new SKColorSpaceTransferFn(1.8f, 1, 0, 0, 0, 0, 0),
            new SKColorSpaceXyz(0.7977f, 0.1352f, 0.0313f, 0.2880f, 0.7119f, 0.0001f, 0, 0, 0.8249f));
        using var pixel = new SKBitmap(new SKImageInfo(1, 1, SKColorType.Rgba8888, SKAlphaType.Opaque, space));
        using var file = pixel.Encode(SKEncodedImageFormat.Png, 100);
        using var read = NetVips.Image.NewFromBuffer(file.ToArray());
        return (byte[])read.Get("icc-profile-data");
    }

    /// <summary>Shows that the limit would catch an ignored profile.</summary>
    [TestCase("variants/mug-display-p3.jpg")]
    [TestCase("variants/mug-adobe-rgb.jpg")]
    public void An_ignored_profile_exceeds_the_limit(string file)
    {
        var cutOut = CutOut(Repo.Sample("scene-mug.jpg"), OutputFormat.Png);
        // Read the stored values unconverted.
        var ignored = Picture.Read(Repo.Sample(file));
        Assert.That(MeanDifference(cutOut, ignored), Is.GreaterThan(Invisible));
    }

    private double MeanDifference(string file, string reference) =>
        MeanDifference(CutOut(file, OutputFormat.Png), Picture.Read(reference));

    private static double MeanDifference(Picture cutOut, Picture reference)
    {
        Assert.That((cutOut.Width, cutOut.Height), Is.EqualTo((reference.Width, reference.Height)));
        var (sum, count) = (0.0, 0);
        // One pixel in nine is enough.
        for (var y = 0; y < cutOut.Height; y += 3)
            for (var x = 0; x < cutOut.Width; x += 3)
                if (cutOut[x, y] is { A: 255 } pixel && reference[x, y] is var expected)
                {
                    sum += ColourDifference.Between((pixel.R, pixel.G, pixel.B), (expected.R, expected.G, expected.B));
                    count++;
                }
        Assert.That(count, Is.GreaterThan(1000), "opaque pixels");
        TestContext.Out.WriteLine($"mean ΔE2000 {sum / count:0.00}");
        return sum / count;
    }

    private Picture CutOut(string file, OutputFormat format) =>
        Picture.Read(_shipped.CutOut(File.ReadAllBytes(file), format).File);
}
