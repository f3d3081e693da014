using System.Globalization;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

/// <summary>JPEG files of every common kind, whole and with parts missing.</summary>
public sealed class JpegScanTests
{
    private static readonly ImageOptions Limits = new();

    private static IEnumerable<string> Kinds =>
    [
        "baseline", "progressive", "restarts", "progressive restarts", "4:4:4", "grey", "optimized", "odd size",
    ];

    [TestCaseSource(nameof(Kinds))]
    public void A_whole_file_is_decoded(string kind)
    {
        var file = Encode(kind);
        Assert.That(JpegScan.IsComplete(file), Is.True);
        Decode.Run(file, Limits).Photo.Dispose();
    }

    [TestCaseSource(nameof(Kinds))]
    public void A_file_that_lacks_only_its_end_marker_has_the_same_pixels(string kind)
    {
        var file = Encode(kind);
        Assert.That(file.AsSpan()[^2..].ToArray(), Is.EqualTo(new byte[] { 0xFF, 0xD9 }));
        using var whole = Decode.Run(file, Limits).Photo;
        foreach (var ending in new byte[][] { [], [0xFF], [.. "a trailer of a camera"u8] })
        {
            using var photo = Decode.Run((byte[])[.. file[..^2], .. ending], Limits).Photo;
            for (var y = 0; y < whole.Height; y++)
                Assert.That(photo.Row(y).SequenceEqual(whole.Row(y)), $"row {y}, {ending.Length} bytes behind");
        }
    }

    [Test]
    public void A_file_that_ends_early_is_refused_with_an_end_marker_and_without(
        [ValueSource(nameof(Kinds))] string kind, [Values(0.3, 0.6, 0.9, 0.99)] double share, [Values] bool hasEnd)
    {
        var file = Encode(kind);
        AssertRefused([.. file[..(int)(file.Length * share)], .. hasEnd ? (byte[])[0xFF, 0xD9] : []]);
    }

    [Test]
    public void A_file_with_a_hole_is_refused([Values("baseline", "restarts", "4:4:4", "grey")] string kind)
    {
        var file = Encode(kind);
        AssertRefused([.. file[..(file.Length / 2)], .. file[(file.Length * 6 / 10)..]]);
    }

    [Test]
    public void A_file_of_a_thousand_scans_is_refused_soon()
    {
        var file = Encode("progressive");
        var scan = file.AsSpan().LastIndexOf<byte>([0xFF, 0xDA]);
        byte[] bomb = [.. file[..^2], .. Enumerable.Repeat(file[scan..^2], 1000).SelectMany(part => part), 0xFF, 0xD9];
        Assert.That(JpegScan.IsComplete(bomb), Is.False);
    }

    [TestCase("baseline", 0)]
    [TestCase("restarts", 0)]
    [TestCase("4:4:4", 0)]
    [TestCase("progressive", 4, Description = "1.5 samples per pixel")]
    public void The_memory_of_coefficients_is_known_from_the_header(string kind, int expected)
    {
        var file = Encode(kind);
        Assert.That(JpegScan.BytesPerPixel(file), Is.EqualTo(expected));
        Assert.That(Decode.Measure(file).Decoder, Is.EqualTo(new DecoderMemory(expected, BaseMB: 0)));
    }

    [TestCase(true, 4.0)]
    [TestCase(false, 7.0)]
    public void A_progressive_file_takes_no_more_memory_than_its_header_tells(bool isSubsampled, double bytesPerPixel)
    {
        using var sample = NetVips.Image.NewFromFile(Repo.Sample("scene-mug.jpg"));
        using var large = sample.Resize(3.5);
        var file = large.JpegsaveBuffer(q: 85, interlace: true, subsampleMode: isSubsampled
            ? NetVips.Enums.ForeignSubsample.On : NetVips.Enums.ForeignSubsample.Off);
        Assert.That(JpegScan.BytesPerPixel(file), Is.EqualTo(bytesPerPixel));
        var pixels = large.Width * (long)large.Height;
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "progressive.jpg");
        File.WriteAllBytes(path, file);
        using var program = TestProgram.Start("peak", path);
        var taken = long.Parse(program.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture) / (double)pixels;
        Assert.That(taken, Is.InRange(4 + bytesPerPixel - 1.5, 4 + bytesPerPixel + 0.7));
    }

    private static void AssertRefused(byte[] file) => Assert.That(() => Decode.Run(file, Limits),
        Throws.TypeOf<ArtworkFailedException>().With.Property("Failure").Property("Code").EqualTo("image_corrupt"));

    private static byte[] Encode(string kind)
    {
        using var sample = NetVips.Image.NewFromFile(Repo.Sample("scene-mug.jpg"));
        using var image = kind switch
        {
            "grey" => sample.Colourspace(NetVips.Enums.Interpretation.Bw),
            "odd size" => sample.Crop(0, 0, sample.Width - 7, sample.Height - 5),
            _ => sample.Copy(),
        };
        return image.JpegsaveBuffer(q: 85, interlace: kind.StartsWith("progressive", StringComparison.Ordinal),
            optimizeCoding: kind == "optimized",
            restartInterval: kind.EndsWith("restarts", StringComparison.Ordinal) ? 7 : null,
            subsampleMode: kind == "4:4:4" ? NetVips.Enums.ForeignSubsample.Off : NetVips.Enums.ForeignSubsample.On);
    }
}
