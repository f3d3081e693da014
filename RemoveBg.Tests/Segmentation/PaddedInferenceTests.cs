using RemoveBg.Core.Artworks;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;
using RemoveBg.Tests.Imaging;

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

    [Test]
    public void It_is_taken_where_the_setting_allows_it_and_the_frame_cuts_the_subject([Values] bool allowed,
        [Values] bool isCut)
    {
        using var network = Load(allowed);
        var (_, done) = network.CutOut(Vase(isCut), OutputFormat.Webp);
        Assert.That(done.Steps.Select(step => step.Name).Contains("infer with a margin"), Is.EqualTo(allowed && isCut));
    }

    [Test]
    public void What_the_frame_has_cut_is_found()
    {
        Assert.That(ShareOfSubject(CutOut(Load(marginLook: false), Vase(isCut: true))), Is.LessThan(0.15),
            "the network takes the vase for background");
        var found = CutOut(Load(marginLook: true), Vase(isCut: true));
        int wrong = 0, vase = 0;
        for (var y = 0; y < found.Height; y++)
            for (var x = 0; x < found.Width; x++)
            {
                if (IsVase(x, y, isCut: true)) vase++;
                if (found.Alpha(x, y) >= 128 != IsVase(x, y, isCut: true)) wrong++;
            }
        Assert.That(vase, Is.GreaterThan(100_000));
        Assert.That(wrong / (double)vase, Is.LessThan(0.005), "wrong pixels per pixel of the vase: it was 0.0000");
    }

    /// <summary>Asks U²-Netp about a plant whose pot the frame cuts, where the shared test data has both.</summary>
    [TestCaseSource(nameof(SharedPlants))]
    public void A_real_network_finds_what_the_frame_has_cut(string folder, string photo)
    {
        Assert.That(
            ShareOfSubject(CutOut(Networks.Load("u2netp", folder, marginLook: false), File.ReadAllBytes(photo))),
            Is.LessThan(0.15), "the network finds the pot");
        Assert.That(ShareOfSubject(CutOut(Networks.Load("u2netp", folder, marginLook: true), File.ReadAllBytes(photo))),
            Is.InRange(0.55, 0.75), "and the plant in it");
    }

    [Test]
    public void A_network_that_looks_several_times_by_itself_is_not_asked_again()
    {
        using var network = Networks.Lite();
        var (_, cut) = network.CutOut(Picture.Cropped(Repo.Sample("scene-mug.jpg"), 0, 0, 1, 0.55), OutputFormat.Webp);
        Assert.That(cut.Steps.Select(step => step.Name), Has.None.EqualTo("infer with a margin"));
    }

    private static IEnumerable<TestCaseData> SharedPlants() =>
        Repo.SharedIfAny("models", "u2netp.onnx") is { } network
            && Repo.SharedIfAny("eval", "alphamatting14", "images", "GT13.png") is { } photo
            ? [new(Path.GetDirectoryName(network), photo)] : [];

    private static Segmenter Load(bool marginLook)
    {
        using var folder = new TemporaryFolder();
        return Segmenter.Open(FrameShyNetwork.WrittenTo(folder.Path), new() { MarginLook = marginLook });
    }

    /// <summary>A dark vase on a bright wall; the frame cuts its foot, or it stands free.</summary>
    private static byte[] Vase(bool isCut)
    {
        using var photo = ResampleTests.Paint(640, 480, (x, y) => 0xFF000000 | (IsVase(x, y, isCut) ? 0x302840u
            : (uint)(190 + (x * 7 + y * 13) % 16) * 0x010101));
        return PngFile.Encode(photo);
    }

    private static bool IsVase(int x, int y, bool isCut) =>
        Math.Pow((x - 320) / 180.0, 2) + Math.Pow((y - (isCut ? 340 : 240)) / (isCut ? 260.0 : 200), 2) < 1;

    private static Picture CutOut(Segmenter network, byte[] photo)
    {
        using (network) return Picture.Read(network.CutOut(photo, OutputFormat.Png).File);
    }

    private static double ShareOfSubject(Picture cutOut) => Enumerable.Range(0, cutOut.Height)
        .SelectMany(y => Enumerable.Range(0, cutOut.Width).Select(x => cutOut.Alpha(x, y) >= 128 ? 1 : 0)).Average();
}
