using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Golden;

/// <summary>
/// Compares the pipeline's cut-outs with images that were checked by eye. A network that finds the true alpha, at 320
/// px, stands in for ours, so only the steps before and after it are tested.
/// </summary>
/// <remarks>
/// Find out why an image differs before you accept it. REMOVEBG_UPDATE_GOLDEN=1 overwrites the expected images;
/// artifacts/golden contains the actual ones.
/// </remarks>
public sealed class GoldenTests
{
    private const int Width = 320;

    [TestCase("mug")]
    [TestCase("toycar")]
    [TestCase("fur")]
    [TestCase("glass")]
    [TestCase("plant")]
    [TestCase("chair")]
    public void A_cut_out_matches_its_golden_image(string scene)
    {
        var file = CutOut(scene);
        var expected = Path.Combine(Repo.Root, "RemoveBg.Tests", "Golden", "Expected", $"{scene}.png");
        if (Environment.GetEnvironmentVariable("REMOVEBG_UPDATE_GOLDEN") == "1") File.WriteAllBytes(expected, file);
        var actual = Path.Combine(Directory.CreateDirectory(Path.Combine(Repo.Root, "artifacts", "golden")).FullName,
            $"{scene}.png");
        File.WriteAllBytes(actual, file);

        Assert.That(ImageComparer.Difference(Picture.Read(expected), Picture.Read(file)), Is.Null,
            $"expected {expected}, got {actual}");
    }

    /// <summary>Measured error, and a fifth more.</summary>
    [TestCase("mug", 0.0044)]
    [TestCase("toycar", 0.0046)]
    [TestCase("fur", 0.0151)]
    [TestCase("glass", 0.0281)]
    [TestCase("plant", 0.0128)]
    [TestCase("chair", 0.0084)]
    public void The_matte_stays_close_to_the_true_alpha(string scene, double most)
    {
        var cutOut = Picture.Read(CutOut(scene));
        using var truth = Small($"scene-{scene}.alpha.png");
        var sum = 0.0;
        for (var y = 0; y < cutOut.Height; y++)
            for (var x = 0; x < cutOut.Width; x++) sum += Math.Abs(cutOut.Alpha(x, y) - (int)(truth.Row(y)[x] & 255));
        Assert.That(sum / 255 / (cutOut.Width * cutOut.Height), Is.LessThan(most), "mean absolute error");
    }

    private static byte[] CutOut(string scene)
    {
        using var truth = Decode.Run(File.ReadAllBytes(Repo.Sample($"scene-{scene}.alpha.png")), new()).Photo;
        using var planes = new FloatPlanes(320, 320);
        using var alpha = planes.Rent();
        Resample.Colours(truth, alpha.AsSpan(), 320, 320);
        using var folder = new TemporaryFolder();
        using var network = FixedNetwork.Open(folder.Path, 320,
            [.. Enumerable.Range(0, alpha.Count).Select(i => alpha[i][0] / 255)]);
        using var photo = Small($"scene-{scene}.jpg");
        using var file = new MemoryStream();
        Encode.Run(photo, OutputFormat.Png, file);
        return network.CutOut(file.ToArray(), OutputFormat.Png).File;
    }

    private static Photo Small(string sample)
    {
        using var large = Decode.Run(File.ReadAllBytes(Repo.Sample(sample)), new()).Photo;
        var height = (int)Math.Round(large.Height * (double)Width / large.Width);
        using var planes = new FloatPlanes(Width, height);
        using var plane = planes.Rent();
        Resample.Colours(large, plane.AsSpan(), Width, height);
        var small = new Photo(Width, height, isOpaque: true);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < Width; x++)
            {
                var colour = plane[y * Width + x];
                small.Row(y)[x] = (uint)(colour[0] + 0.5f) | (uint)(colour[1] + 0.5f) << 8
                    | (uint)(colour[2] + 0.5f) << 16 | 0xFF000000;
            }
        return small;
    }
}
