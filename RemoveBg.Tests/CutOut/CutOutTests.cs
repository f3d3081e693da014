using System.Text;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;
using RemoveBg.Tests.Imaging;

namespace RemoveBg.Tests.CutOut;

/// <summary>The whole pipeline, with real networks and real files.</summary>
public sealed class CutOutTests
{
    private Segmenter _shipped = null!;

    [OneTimeSetUp]
    public void Load() => _shipped = Networks.Shipped();

    [OneTimeTearDown]
    public void Unload() => _shipped.Dispose();

    [TestCase(OutputFormat.Png, "image/png")]
    [TestCase(OutputFormat.Webp, "image/webp")]
    [TestCase(OutputFormat.Auto, "image/webp")]
    public void A_cut_out_is_as_large_as_the_upright_photo_and_has_alpha(OutputFormat format, string contentType)
    {
        var (file, done) = CutOut(Repo.Sample("variants/mug-exif-orientation-6.jpg"), format);
        var image = Picture.Read(file);
        Assert.Multiple(() =>
        {
            Assert.That(done.ContentType, Is.EqualTo(contentType));
            Assert.That((image.Width, image.Height), Is.EqualTo((done.Width, done.Height)));
            Assert.That(image.Width, Is.GreaterThan(image.Height), "the mug's photo is landscape once upright");
            Assert.That(image.MeanAlpha(), Is.InRange(0.05, 0.6));
        });
    }

    [Test]
    public void Steps_are_timed_under_their_names() =>
        Assert.That(CutOut(Repo.Sample("scene-mug.jpg")).Done.Steps.Select(step => step.Name),
            Is.EqualTo(new[] { "decode", "orient", "prepare", "infer", "settle", "grid", "matte", "foreground",
                "compose", "encode" }));

    [Test]
    public void Colour_is_zero_where_alpha_is_zero_in_a_png()
    {
        var image = Picture.Read(CutOut(Repo.Sample("scene-toycar.jpg")).File);
        var hidden = 0;
        for (var y = 0; y < image.Height; y++)
            for (var x = 0; x < image.Width; x++)
                if (image[x, y] is { A: 0 } pixel)
                {
                    hidden++;
                    Assert.That((pixel.R, pixel.G, pixel.B), Is.EqualTo(((byte)0, (byte)0, (byte)0)), $"at {x}, {y}");
                }
        Assert.That(hidden, Is.GreaterThan(10_000));
    }

    [TestCase("scene-toycar", OutputFormat.Png)]
    [TestCase("scene-toycar", OutputFormat.Webp)]
    [TestCase("scene-fur", OutputFormat.Webp)]
    public void The_background_cannot_be_recovered_from_the_file(string scene, OutputFormat format)
    {
        var photo = Picture.Read(Repo.Sample($"{scene}.jpg"));
        var image = Picture.Read(CutOut(Repo.Sample($"{scene}.jpg"), format).File);
        Assert.Multiple(() =>
        {
            Assert.That(image.DetailsSharedWith(photo, (x, y) => image.Alpha(x, y) == 0), Is.LessThan(0.1));
            Assert.That(image.DetailsSharedWith(photo, (x, y) => image.Alpha(x, y) == 255), Is.GreaterThan(0.8),
                "the subject's own");
        });
    }

    [TestCase(OutputFormat.Png)]
    [TestCase(OutputFormat.Webp)]
    public void The_file_has_no_metadata(OutputFormat format)
    {
        var text = Encoding.Latin1.GetString(CutOut(Repo.Sample("variants/mug-display-p3.jpg"), format).File);
        foreach (var mark in new[] { "Exif", "eXIf", "EXIF", "ICCP", "iCCP", "XMP", "tEXt", "zTXt", "iTXt", "tIME" })
            Assert.That(text, Does.Not.Contain(mark));
    }

    [Test]
    public void Soft_edges_stay_soft()
    {
        var image = Picture.Read(CutOut(Repo.Sample("scene-fur.jpg")).File);
        var alphas = Enumerable.Range(0, image.Height)
            .SelectMany(y => Enumerable.Range(0, image.Width).Select(x => image.Alpha(x, y)));
        Assert.That(alphas.Distinct().Count(), Is.GreaterThan(200));
    }

    [Test]
    public void A_transparent_input_keeps_its_transparency()
    {
        var source = Picture.Read(Repo.Sample("variants/mug-cutout-alpha.webp"));
        var result = Picture.Read(CutOut(Repo.Sample("variants/mug-cutout-alpha.webp")).File);
        for (var y = 0; y < source.Height; y += 3)
            for (var x = 0; x < source.Width; x += 3)
                Assert.That(result.Alpha(x, y), Is.LessThanOrEqualTo(source.Alpha(x, y)), $"at {x}, {y}");
        Assert.That(result.IouWith(Picture.Read(Repo.Sample("scene-mug.alpha.png"))), Is.GreaterThan(0.9), "the mug");
    }

    [TestCase("wall")]
    [TestCase("white")]
    [TestCase("black")]
    [TestCase("blue")]
    [TestCase("sky")]
    [TestCase("noise")]
    public void A_photo_without_a_subject_gives_an_empty_matte(string scene)
    {
        var random = new Random(1);
        using var photo = ResampleTests.Paint(640, 480, (x, y) => 0xFF000000 | scene switch
        {
            "wall" => (uint)(150 + (x * 7 + y * 13) % 5) * 0x010101,
            "white" => 0xFFFFFF,
            "black" => 0,
            "blue" => 0xCC331A,
            "sky" => 0xE60000 | (uint)(150 + y / 10) << 8 | (uint)(100 + y / 6),
            _ => (uint)random.Next(0x1000000),
        });
        Assert.That(Picture.Read(_shipped.CutOut(PngFile.Encode(photo), OutputFormat.Png).File).MeanAlpha(),
            Is.LessThan(0.03));
    }

    [TestCase(1, 1)]
    [TestCase(1, 3000)]
    [TestCase(3000, 1)]
    [TestCase(16_400, 20, Description = "too wide for WebP, so PNG")]
    public void Odd_sizes_work(int width, int height)
    {
        using var photo = ResampleTests.Paint(width, height, (x, y) => 0xFF000000 | (uint)(x ^ y));
        var (file, done) = _shipped.CutOut(PngFile.Encode(photo), OutputFormat.Webp);
        var image = Picture.Read(file);
        Assert.That((image.Width, image.Height), Is.EqualTo((width, height)));
        Assert.That(done.ContentType, Is.EqualTo(width > Encode.LargestWebpSide ? "image/png" : "image/webp"));
    }

    [TestCase("mug-display-p3.jpg")]
    [TestCase("mug-rgb16.png")]
    [TestCase("mug-cmyk.jpg")]
    public void Colours_match_the_same_scene_in_sRGB(string variant)
    {
        var (photo, _) = Decode.Run(File.ReadAllBytes(Repo.Sample($"variants/{variant}")), new());
        var (reference, _) = Decode.Run(File.ReadAllBytes(Repo.Sample("scene-mug.jpg")), new());
        using (photo)
        using (reference)
        {
            Assert.That((photo.Width, photo.Height), Is.EqualTo((reference.Width, reference.Height)));
            double sum = 0;
            for (var y = 0; y < photo.Height; y += 2)
                for (var x = 0; x < photo.Width; x += 2)
                    for (var shift = 0; shift < 24; shift += 8)
                        sum += Math.Abs(
                            (int)((photo.Row(y)[x] >> shift) & 255) - (int)((reference.Row(y)[x] >> shift) & 255));
            Assert.That(sum / (photo.PixelCount / 4 * 3),
                Is.LessThan(variant.Contains("cmyk", StringComparison.Ordinal) ? 12 : 3),
                "mean difference per channel");
        }
    }

    // What the model card says, less 0.02.
    [TestCase("scene-mug", 0.943)]
    [TestCase("scene-toycar", 0.956)]
    [TestCase("scene-fur", 0.905)]
    public void The_shipped_network_finds_the_subject_of_the_samples(string scene, double iou)
    {
        var image = Picture.Read(CutOut(Repo.Sample($"{scene}.jpg")).File);
        Assert.That(image.IouWith(Picture.Read(Repo.Sample($"{scene}.alpha.png"))), Is.GreaterThan(iou));
    }

    [Test]
    public void U2netp_reaches_its_known_IoU_on_photos_with_masks()
    {
        var set = Repo.SharedOrSkip("eval", "ecssd200");
        using var u2netp = Networks.Load("u2netp", Repo.SharedOrSkip("models"));
        var ious = new List<double>();
        foreach (var mask in Directory.GetFiles(Path.Combine(set, "masks")).Order(StringComparer.Ordinal)
            .Where((_, i) => i % 10 == 0))
        {
            var photo =
                Directory.GetFiles(Path.Combine(set, "images"), Path.GetFileNameWithoutExtension(mask) + ".*").Single();
            var (file, _) = u2netp.CutOut(File.ReadAllBytes(photo), OutputFormat.Png);
            ious.Add(Picture.Read(file).IouWith(Picture.Read(mask)));
        }
        TestContext.Out.WriteLine($"mean IoU {ious.Average():0.000} over {ious.Count} photos");
        Assert.That(ious, Has.Count.GreaterThanOrEqualTo(6));
        Assert.That(ious.Average(), Is.GreaterThanOrEqualTo(0.85));
    }

    private (byte[] File, CutOutResult Done) CutOut(string path, OutputFormat format = OutputFormat.Png) =>
        _shipped.CutOut(File.ReadAllBytes(path), format);
}
