using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Segmentation;

/// <summary>Where the subject touches the frame the network is shown the photo with a margin too.</summary>
public sealed class PaddedInferenceTests
{
    private const int Size = 320;

    [TestCase(40, 40, ExpectedResult = false)]
    [TestCase(1, 40, ExpectedResult = false, Description = "a sample from the side")]
    [TestCase(0, 40, ExpectedResult = true)]
    [TestCase(0, 4, ExpectedResult = false, Description = "a speck")]
    public bool It_is_worthwhile_where_the_subject_touches_a_side(int fromTheSide, int height)
    {
        bool[] each = [.. Enumerable.Range(0, 4).Select(IsWorthwhile)];
        Assert.That(each, Is.All.EqualTo(each[0]), "every side is like the others");
        return each[0];

        bool IsWorthwhile(int side)
        {
            using var tensors = new Tensors(Size);
            Array.Clear(tensors.Output);
            for (var i = 0; i < height; i++)
                for (var j = fromTheSide; j < 100; j++)
                {
                    var (x, y) = side switch { 0 => (j, 100 + i), 1 => (100 + i, j), 2 => (Size - 1 - j, 100 + i),
                        _ => (100 + i, Size - 1 - j) };
                    tensors.Output[y * Size + x] = 1;
                }
            return PaddedInference.IsWorthwhile(tensors);
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public void It_is_taken_where_the_setting_allows_it(bool allowed)
    {
        using var network = Load(allowed);
        var (_, cut) = network.CutOut(Picture.Cropped(Repo.Sample("scene-mug.jpg"), 0, 0, 1, 0.55), OutputFormat.Webp);
        Assert.That(cut.Steps.Select(step => step.Name).Contains("infer with a margin"), Is.EqualTo(allowed));
        var (_, whole) = network.CutOut(File.ReadAllBytes(Repo.Sample("scene-mug.jpg")), OutputFormat.Webp);
        Assert.That(whole.Steps.Select(step => step.Name), Has.None.EqualTo("infer with a margin"),
            "the whole mug touches nothing");
    }

    /// <summary>A network that sees red, but nothing near the left side but for a few rows.</summary>
    [Test]
    public void What_the_frame_has_cut_is_found()
    {
        var mask = new float[Size * Size];
        for (var i = 0; i < mask.Length; i++) mask[i] = i % Size >= 12 || i / Size is >= 150 and < 170 ? 1 : 0;
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "u2netp.onnx");
        File.WriteAllBytes(path, OnnxFile.Model(Size,
            OnnxFile.Constant("red", [1, 3, 1, 1], [4, 0, 0]), OnnxFile.Constant("mask", [1, 1, Size, Size], mask),
            OnnxFile.Node("Conv", ["image", "red"], "logits"), OnnxFile.Node("Sigmoid", ["logits"], "seen"),
            OnnxFile.Node("Mul", ["seen", "mask"], "alpha")));
        var entry = ModelManifest.Shipped.Find("u2netp")! with { Input = null, Output = null };
        using var network = Segmenter.Open(new(entry, path), new());
        using var tensors = network.CreateTensors();
        using var photo = new Photo(Size, Size, isOpaque: true);
        for (var y = 0; y < Size; y++)
        {
            photo.Row(y).Fill(0xFF808000);
            if (y is >= 80 and < 240) photo.Row(y)[..128].Fill(0xFF0000E6);
        }

        PrepareTensor.Run(photo, tensors, entry);
        network.Run(tensors);
        Assert.That(PaddedInference.IsWorthwhile(tensors), "the rows that it sees touch the side");
        Assert.That(tensors.Output[100 * Size + 5], Is.LessThan(0.1), "and the others are missing");
        PaddedInference.Run(photo, network, tensors);
        Assert.That(tensors.Output[100 * Size + 5], Is.GreaterThan(0.9), "until there is a margin");
        Assert.That(tensors.Output[40 * Size + 5], Is.LessThan(0.1), "what is not red is still none of it");
    }

    [Test]
    public void A_network_that_looks_several_times_by_itself_is_not_asked_again()
    {
        using var network = Networks.Lite();
        var (_, cut) = network.CutOut(Picture.Cropped(Repo.Sample("scene-mug.jpg"), 0, 0, 1, 0.55), OutputFormat.Webp);
        Assert.That(cut.Steps.Select(step => step.Name), Has.None.EqualTo("infer with a margin"));
    }

    /// <summary>The shipped network, as one that looks at the photo once.</summary>
    private static Segmenter Load(bool marginLook)
    {
        var once = ModelManifest.Shipped.Find("removebg-lite")! with { LooksBothWays = false };
        return Segmenter.Open(new(once, Path.Combine(Repo.Root, "models", once.File)),
            new() { MarginLook = marginLook });
    }
}
