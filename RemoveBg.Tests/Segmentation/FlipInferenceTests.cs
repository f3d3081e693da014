using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Segmentation;

/// <summary>An uncertain network also runs on the mirrored photo.</summary>
public sealed class FlipInferenceTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("models").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void The_result_is_the_maximum_of_both_runs()
    {
        using var network = Load();
        using var tensors = network.CreateTensors();
        using var photo = Decode.Run(File.ReadAllBytes(Repo.Sample("scene-plant.jpg")), new()).Photo;
        var first = Infer(photo);
        using var mirrored = new Photo(photo.Width, photo.Height, isOpaque: true);
        for (var y = 0; y < photo.Height; y++)
        {
            photo.Row(y).CopyTo(mirrored.Row(y));
            mirrored.Row(y).Reverse();
        }
        var second = Infer(mirrored);

        Infer(photo);
        FlipInference.Run(network, tensors);
        var differs = 0;
        for (var i = 0; i < first.Length; i++)
        {
            var (y, x) = (i / tensors.Width, i % tensors.Width);
            var mirroredAlpha = second[y * tensors.Width + tensors.Width - 1 - x];
            if (Math.Abs(mirroredAlpha - first[i]) > 0.1) differs++;
            Assert.That(tensors.Output[i], Is.EqualTo(Math.Max(first[i], mirroredAlpha)).Within(0.01), $"at {x}, {y}");
        }
        Assert.That(differs, Is.GreaterThan(100), "the runs must differ for the test to show anything");

        float[] Infer(Photo input)
        {
            PrepareTensor.Run(input, tensors, network.Model.Entry);
            network.Run(tensors);
            return [.. tensors.Output];
        }
    }

    [Test]
    public void A_network_without_test_time_augmentation_is_not_mirrored()
    {
        using var network = Networks.Shipped(augmentationLimit: 0, testTimeAugmentation: false);
        var (_, done) = network.CutOut(File.ReadAllBytes(Repo.Sample("scene-plant.jpg")), OutputFormat.Webp);
        Assert.That(done.Confidence, Is.LessThan(1), "the network must be uncertain");
        Assert.That(done.Steps.Select(step => step.Name), Has.None.EqualTo("infer mirrored"));
    }

    [TestCase(1000, false)]
    [TestCase(0, true)]
    public void Flip_inference_runs_if_uncertainty_is_above_the_limit(double limit, bool runs)
    {
        using var network = Load(limit);
        using var tensors = network.CreateTensors();
        var done = new CutOutPipeline(Options.Create(new ImageOptions())).Run(
            new(File.ReadAllBytes(Repo.Sample("scene-plant.jpg")), OutputFormat.Webp, network, tensors,
                new MemoryStream()),
            CancellationToken.None);
        Assert.That(done.Steps.Select(step => step.Name).Contains("infer mirrored"), Is.EqualTo(runs));
        Assert.That(done.Confidence, Is.EqualTo(Uncertainty.ToConfidence(LastUncertainty())).Within(0.02),
            "of both runs");

        double LastUncertainty()
        {
            using var photo = Decode.Run(File.ReadAllBytes(Repo.Sample("scene-plant.jpg")), new()).Photo;
            PrepareTensor.Run(photo, tensors, network.Model.Entry);
            network.Run(tensors);
            if (runs) FlipInference.Run(network, tensors);
            return Uncertainty.Of(tensors.Output);
        }
    }

    private Segmenter Load(double limit = 0.5) =>
        Segmenter.Open(LopsidedNetwork.WrittenTo(_folder), new() { AugmentationLimit = limit });
}
