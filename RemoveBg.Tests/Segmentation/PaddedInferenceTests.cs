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

    [Test]
    public void What_the_frame_has_cut_is_found()
    {
        var photo = File.ReadAllBytes(Repo.SharedOrSkip("eval", "alphamatting14", "images", "GT13.png"));
        Assert.That(ShareOfSubject(allowed: false), Is.LessThan(0.15), "the network finds the pot");
        Assert.That(ShareOfSubject(allowed: true), Is.InRange(0.55, 0.75), "and the plant in it");

        double ShareOfSubject(bool allowed)
        {
            using var network = Load(allowed);
            var (file, _) = network.CutOut(photo, OutputFormat.Png);
            using var cutOut = Decode.Run(file, new()).Photo;
            var subject = 0;
            for (var y = 0; y < cutOut.Height; y++)
                foreach (var pixel in cutOut.Row(y))
                    if (pixel >> 24 >= 128) subject++;
            return subject / (double)cutOut.PixelCount;
        }
    }
    [Test]
    public void A_network_that_looks_several_times_by_itself_is_not_asked_again()
    {
        using var network = Networks.Lite();
        var (_, cut) = network.CutOut(Picture.Cropped(Repo.Sample("scene-mug.jpg"), 0, 0, 1, 0.55), OutputFormat.Webp);
        Assert.That(cut.Steps.Select(step => step.Name), Has.None.EqualTo("infer with a margin"));
    }

    private static Segmenter Load(bool marginLook) => Networks.Load("u2netp",
        Path.GetDirectoryName(Repo.SharedOrSkip("models", "u2netp.onnx"))!, marginLook: marginLook);
}
