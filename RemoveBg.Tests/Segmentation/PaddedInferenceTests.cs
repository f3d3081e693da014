using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Segmentation;

/// <summary>If the network is very uncertain and the subject touches the image border, it also runs on the padded
/// photo.</summary>
public sealed class PaddedInferenceTests
{
    private const int Size = 320;

    [TestCase(40, 40, ExpectedResult = false)]
    [TestCase(1, 40, ExpectedResult = false, Description = "one sample away from the side")]
    [TestCase(0, 40, ExpectedResult = true)]
    [TestCase(0, 4, ExpectedResult = false, Description = "a speck")]
    public bool Padded_inference_is_worthwhile_if_the_subject_touches_a_side(int fromTheSide, int height)
    {
        bool[] each = [.. Enumerable.Range(0, 4).Select(IsWorthwhile)];
        Assert.That(each, Is.All.EqualTo(each[0]), "all sides are treated alike");
        return each[0];

        bool IsWorthwhile(int side)
        {
            using var tensors = new Tensors(Size);
            tensors.Output.Clear();
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

    [TestCase(0, true)]
    [TestCase(1000, false)]
    public void Padded_inference_runs_only_if_uncertainty_is_above_the_limit(double limit, bool runs)
    {
        using var folder = new TemporaryFolder();
        using var network = RedNetwork(folder, new() { AugmentationLimit = limit });
        var (_, cut) = network.CutOut(Red(SKRect.Create(100, 160, 120, 160)), OutputFormat.Webp);
        Assert.That(cut.Steps.Select(step => step.Name).Contains("infer with a margin"), Is.EqualTo(runs));
        var (_, whole) = network.CutOut(Red(SKRect.Create(100, 100, 120, 120)), OutputFormat.Webp);
        Assert.That(whole.Steps.Select(step => step.Name), Has.None.EqualTo("infer with a margin"),
            "the whole subject touches no side");
    }

    /// <summary>Returns a photo with a red subject.</summary>
    private static byte[] Red(SKRect subject)
    {
        using var bitmap = new SKBitmap(Size, Size);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(new SKColor(0, 128, 128));
            using var paint = new SKPaint { Color = new(230, 0, 0) };
            canvas.DrawRect(subject, paint);
            // The network is unsure of this part.
            paint.Color = new(120, 0, 0);
            canvas.DrawRect(SKRect.Create(subject.Left, subject.Top, subject.Width, 10), paint);
        }
        return bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }

    /// <summary>Loads a network that detects red.</summary>
    /// <param name="folder">Receives its file.</param>
    /// <param name="options">Settings.</param>
    /// <param name="mask">Factor for alpha in each place; null for 1.</param>
    private static Segmenter RedNetwork(TemporaryFolder folder, ModelOptions options, float[]? mask = null)
    {
        var path = Path.Combine(folder.Path, "u2netp.onnx");
        File.WriteAllBytes(path, OnnxFile.Model(Size,
            OnnxFile.Constant("red", [1, 3, 1, 1], [4, 0, 0]),
            OnnxFile.Constant("mask", [1, 1, Size, Size], mask ?? Enumerable.Repeat(1f, Size * Size).ToArray()),
            OnnxFile.Node("Conv", ["image", "red"], "logits"), OnnxFile.Node("Sigmoid", ["logits"], "detected"),
            OnnxFile.Node("Mul", ["detected", "mask"], "alpha")));
        return Segmenter.Open(new(ModelManifest.Shipped.Find("u2netp")! with { Input = null, Output = null }, path),
            options);
    }

    /// <summary>Uses a network that detects red, but near the left side only in a few rows.</summary>
    [Test]
    public void A_subject_cut_off_by_the_border_is_found()
    {
        var mask = new float[Size * Size];
        for (var i = 0; i < mask.Length; i++) mask[i] = i % Size >= 12 || i / Size is >= 150 and < 170 ? 1 : 0;
        using var folder = new TemporaryFolder();
        using var network = RedNetwork(folder, new(), mask);
        using var tensors = network.CreateTensors();
        using var photo = new Photo(Size, Size, isOpaque: true);
        for (var y = 0; y < Size; y++)
        {
            photo.Row(y).Fill(0xFF808000);
            if (y is >= 80 and < 240) photo.Row(y)[..128].Fill(0xFF0000E6);
        }

        PrepareTensor.Run(photo, tensors, network.Model.Entry);
        network.Run(tensors);
        Assert.That(PaddedInference.IsWorthwhile(tensors), "the detected rows touch the side");
        Assert.That(tensors.Output[100 * Size + 5], Is.LessThan(0.1), "the other rows are missing");
        PaddedInference.Run(photo, network, tensors);
        Assert.That(tensors.Output[100 * Size + 5], Is.GreaterThan(0.9), "padding brings them back");
        Assert.That(tensors.Output[40 * Size + 5], Is.LessThan(0.1), "other colours are still background");
    }

    [Test]
    public void A_network_without_test_time_augmentation_runs_once()
    {
        using var network = Networks.Shipped(augmentationLimit: 0, testTimeAugmentation: false);
        var (_, cut) = network.CutOut(Picture.Cropped(Repo.Sample("scene-mug.jpg"), 0, 0, 1, 0.55), OutputFormat.Webp);
        Assert.That(cut.Steps.Select(step => step.Name), Has.None.StartsWith("infer "));
    }
}
