using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Segmentation;

/// <summary>Networks of any input size, shape and float type, from a user's manifest to the cut-out.</summary>
public sealed class UserManifestTests
{
    private const string Plain =
        "\"licence\": \"MIT\", \"mean\": [0, 0, 0], \"std\": [1, 1, 1], \"activation\": \"none\"";

    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("models").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(96, 96, 96, 96)]
    [TestCase(160, 96, 160, 96)]
    [TestCase(96, 160, 96, 160)]
    [TestCase(null, null, 64, 128, "\"width\": 64, \"height\": 128")]
    [TestCase(160, 96, 160, 96, "\"width\": 160, \"height\": 96")]
    [TestCase(96, 96, 96, 96, "\"size\": 96")]
    public void A_network_of_any_fixed_shape_finds_the_subject_in_its_place(int? width, int? height, int usedWidth,
        int usedHeight, string? size = null)
    {
        GreyNetwork.Write(_folder, GreyNetwork.Content(width, height), size is null ? Plain : $"{Plain}, {size}");
        using var network = Open();
        using var tensors = network.CreateTensors();
        Assert.That((tensors.Width, tensors.Height), Is.EqualTo((usedWidth, usedHeight)));
        AssertFindsTheSubject(network, tensors, 300, 200);
        AssertFindsTheSubject(network, tensors, 200, 300);
        Assert.That((tensors.Width, tensors.Height), Is.EqualTo((usedWidth, usedHeight)));
    }

    [TestCase(300, 200, 320, 224)]
    [TestCase(200, 300, 224, 320)]
    [TestCase(640, 640, 320, 320)]
    [TestCase(900, 100, 320, 64, Description = "not below the smallest side")]
    public void A_network_of_any_size_keeps_the_photos_aspect_ratio(int width, int height, int usedWidth,
        int usedHeight)
    {
        GreyNetwork.Write(_folder, GreyNetwork.Content(null, null),
            $"{Plain}, \"size\": 320, \"multipleOf\": 32, \"smallest\": 64");
        using var network = Open();
        using var tensors = network.CreateTensors();
        foreach (var (w, h) in new[] { (width, height), (height, width), (width, height) })
            AssertFindsTheSubject(network, tensors, w, h);
        Assert.That((tensors.Width, tensors.Height), Is.EqualTo((usedWidth, usedHeight)));
    }

    [TestCase(false, true)]
    [TestCase(true, false)]
    [TestCase(true, true)]
    public void A_network_of_16_bit_floats_gives_what_one_of_32_bits_gives(bool takesHalf, bool givesHalf)
    {
        var wide = Infer(GreyNetwork.Content(160, 96), Plain);
        var half = Infer(GreyNetwork.Content(160, 96, takesHalf, givesHalf), Plain);
        Assert.That(half, Is.EqualTo(wide).Within(0.002));
        Assert.That(wide.Max() - wide.Min(), Is.GreaterThan(0.9));
    }

    [Test]
    public void A_sigmoid_is_applied_to_logits_only_if_the_manifest_says_so()
    {
        var content = GreyNetwork.Content(96, 96, givesLogits: true);
        var grey = Infer(GreyNetwork.Content(96, 96), Plain);
        var alpha = Infer(content, Plain.Replace("none", "sigmoid", StringComparison.Ordinal));
        Assert.That(alpha, Is.EqualTo(grey.Select(value => 1 / (1 + MathF.Exp(10 - 20 * value)))).Within(0.001));
        Assert.That(Infer(content, Plain), Is.EqualTo(grey.Select(value => Math.Clamp(20 * value - 10, 0, 1)))
            .Within(0.001), "without it, logits are clamped");
    }

    [Test]
    public void Padded_and_flip_inference_keep_the_subjects_place_in_a_shape_that_is_not_square()
    {
        GreyNetwork.Write(_folder, GreyNetwork.Content(160, 96), Plain);
        using var network = Open(new() { AugmentationLimit = 0 });
        // The subject touches the left side.
        var (file, done) = network.CutOut(Photo(300, 200, SKRect.Create(0, 60, 120, 60)), OutputFormat.Png);
        Assert.That(done.Steps.Select(step => step.Name),
            Is.SupersetOf(["infer mirrored", "infer with a margin"]));
        AssertSubject(Picture.Read(file), SKRect.Create(0, 60, 120, 60));
    }

    [Test]
    public void A_network_of_a_users_manifest_is_offered_and_used_by_its_name_alone()
    {
        GreyNetwork.Write(_folder, GreyNetwork.Content(96, 96), Plain);
        File.Copy(Path.Combine(Repo.Root, "models", "removebg.onnx"), Path.Combine(_folder, "removebg.onnx"));
        var catalog = Catalog("auto");
        Assert.That(catalog.Offered, Is.EqualTo(new[] { "auto", "removebg", "my-network" }));
        Assert.That(catalog.Resolve().Entry.Name, Is.EqualTo("removebg"));
        Assert.That(catalog.Resolve("my-network").Entry.Name, Is.EqualTo("my-network"));
        Assert.That(catalog.Resolve("my-network").Entry.About, Is.EqualTo("your own"), "the page shows it");
        Assert.That(Catalog("cascade").Resolve().Larger, Is.Null);
    }

    [Test]
    public void With_a_rank_auto_selects_it()
    {
        GreyNetwork.Write(_folder, GreyNetwork.Content(96, 96), $"{Plain}, \"rank\": 9");
        File.Copy(Path.Combine(Repo.Root, "models", "removebg.onnx"), Path.Combine(_folder, "removebg.onnx"));
        Assert.That(Catalog("auto").Resolve().Entry.Name, Is.EqualTo("my-network"));
    }

    [Test]
    public void A_users_network_with_another_digest_is_refused()
    {
        GreyNetwork.Write(_folder, GreyNetwork.Content(96, 96), Plain);
        File.WriteAllBytes(Path.Combine(_folder, "my-network.onnx"), GreyNetwork.Content(64, 64));
        Assert.That(() => Catalog("my-network").Resolve(),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("digest"));
    }

    [Test]
    public void Every_problem_of_a_manifest_is_reported_at_once()
    {
        var message = Refused("""
            {"models": [
              {"name": "My network", "file": "../net.onnx", "digests": ["md5:fc16ebd8b0c10d971d3513d564d01e29"],
               "mean": [0, 0], "std": [1, 0, 1], "activation": "softmax", "width": 640,
               "address": "http://example.com/"},
              {"name": "b", "file": "b.onnx", "licence": "MIT", "mean": [0, 0, 0], "std": [1, 1, 1],
               "activation": "none", "size": 8, "multipleOf": 3, "smallest": 5000}
            ]}
            """);
        foreach (var part in new[] { "My network: name must", "My network: file must", "My network: digests must",
            "My network: licence must", "My network: mean must", "My network: std must", "My network: activation must",
            "My network: address must", "My network: width and height must", "b: digests must", "b: size must",
            "b: smallest must", "b: multipleOf must" })
            Assert.That(message, Does.Contain(part));
    }

    [TestCase("""{"models": []}""", "must be a list")]
    [TestCase("""{"models": [null]}""", "must be a list")]
    [TestCase("""[""", "user-manifest.json")]
    [TestCase("""{"models": [{"name": "a", "siez": 320}]}""", "siez")]
    public void A_manifest_that_is_none_is_refused(string json, string named) =>
        Assert.That(Refused(json), Does.Contain(named));

    [TestCase("removebg")]
    [TestCase("auto")]
    [TestCase("cascade")]
    public void A_name_that_is_taken_is_refused(string name)
    {
        var json = $$"""
            {"models": [{"name": "{{name}}", "file": "a.onnx", "digests": ["{{GreyNetwork.Digest([])}}"], {{Plain}}}]}
            """;
        Assert.That(Refused(json), Does.Contain($"the name {name} is taken"));
    }

    [TestCase(null, null, "", "needs a size")]
    [TestCase(96, 96, "\"size\": 320, \"multipleOf\": 32", "multipleOf needs a network of any input size")]
    [TestCase(96, 96, "\"width\": 96, \"height\": 64", "[1, 3, 64, 96]")]
    [TestCase(96, 96, "\"output\": \"mask\"", "no output 'mask'")]
    public void A_network_that_is_not_as_the_manifest_says_is_refused(int? width, int? height, string size,
        string named)
    {
        GreyNetwork.Write(_folder, GreyNetwork.Content(width, height), size.Length == 0 ? Plain : $"{Plain}, {size}");
        Assert.That(() => Open().Dispose(),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(named).And.Message.Contains("my-network.onnx"));
    }

    [Test]
    public void Every_shipped_network_that_is_downloaded_has_a_sha_256_and_a_permissive_licence()
    {
        foreach (var entry in ModelManifest.Shipped.Models.Where(entry => entry.Name != "removebg"))
        {
            Assert.That(entry.Address, Does.StartWith("https://"), entry.Name);
            Assert.That(entry.Digests, Is.All.StartsWith("sha256:"), entry.Name);
            Assert.That(entry.Licence, Is.EqualTo("MIT").Or.EqualTo("Apache-2.0"), entry.Name);
        }
    }

    private string Refused(string json)
    {
        File.WriteAllText(Path.Combine(_folder, ModelManifest.UserFile), json);
        return Assert.Throws<InvalidDataException>(() => _ = Catalog("auto").Manifest)!.Message;
    }

    private ModelCatalog Catalog(string name) =>
        new(Options.Create(new ModelOptions { Name = name, Folders = _folder, Cache = _folder }));

    private Segmenter Open(ModelOptions? options = null) =>
        Segmenter.Open(Catalog("my-network").Resolve(), options ?? new());

    private float[] Infer(byte[] content, string fields)
    {
        GreyNetwork.Write(_folder, content, fields);
        using var network = Open();
        using var tensors = network.CreateTensors();
        using var photo = Gradient(300, 200);
        PrepareTensor.Run(photo, tensors, network.Model.Entry);
        network.Run(tensors);
        return tensors.Output.ToArray();
    }

    private static void AssertFindsTheSubject(Segmenter network, Tensors tensors, int width, int height)
    {
        var subject = SKRect.Create(width * 0.5f, height * 0.2f, width * 0.3f, height * 0.4f);
        using var target = new MemoryStream();
        new CutOutPipeline(Options.Create(new ImageOptions())).Run(
            new(Photo(width, height, subject), OutputFormat.Png, network, tensors, target), CancellationToken.None);
        AssertSubject(Picture.Read(target.ToArray()), subject);
    }

    /// <summary>Checks alpha well inside and well outside the subject.</summary>
    private static void AssertSubject(Picture cutOut, SKRect subject)
    {
        const int edge = 12;
        Assert.Multiple(() =>
        {
            for (var y = 0; y < cutOut.Height; y += 5)
                for (var x = 0; x < cutOut.Width; x += 5)
                    if (SKRect.Inflate(subject, -edge, -edge).Contains(x, y))
                        Assert.That(cutOut.Alpha(x, y), Is.GreaterThan(240), $"inside, at {x}, {y}");
                    else if (!SKRect.Inflate(subject, edge, edge).Contains(x, y))
                        Assert.That(cutOut.Alpha(x, y), Is.LessThan(15), $"outside, at {x}, {y}");
        });
    }

    private static byte[] Photo(int width, int height, SKRect subject)
    {
        using var bitmap = new SKBitmap(width, height);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.Black);
            using var paint = new SKPaint { Color = SKColors.White };
            canvas.DrawRect(subject, paint);
        }
        return bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }

    private static Photo Gradient(int width, int height)
    {
        var photo = new Photo(width, height, isOpaque: true);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var grey = (uint)(255 * (x + y) / (width + height - 2));
                photo.Row(y)[x] = 0xFF000000 | grey << 16 | grey << 8 | grey;
            }
        return photo;
    }
}
