using System.Diagnostics;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

[NonParallelizable] // It measures the memory of the process.
public sealed class DecodeTests
{
    private const string Use = "Use JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF or JPEG XL.";

    private static readonly ImageOptions Limits = new();

    [Test]
    public void Every_valid_file_decodes_to_its_size()
    {
        // Skia also decodes ICO and other formats that we do not support.
        var supported = ImageFiles.Valid
            .Where(file => file.Expected == Expected.Decodes && FileFormat.IsSupported(file.Content)).ToList();
        Assert.That(supported, Has.Count.GreaterThan(30));
        Assert.Multiple(() =>
        {
            foreach (var file in supported)
            {
                var (photo, _) = Decode.Run(file.Content, Limits);
                using (photo)
                    Assert.That((photo.Width, photo.Height), Is.EqualTo((file.Width, file.Height)), file.Name);
            }
        });
    }

    [Test]
    public void Every_hostile_file_is_refused_with_a_code_or_decodes()
    {
        var codes = new[]
        {
            ArtworkFailure.UnsupportedFormat, ArtworkFailure.ImageCorrupt, ArtworkFailure.ImageTooManyPixels,
        };
        Assert.Multiple(() =>
        {
            foreach (var file in ImageFiles.Hostile)
            {
                var code = "decodes";
                try
                {
                    var (photo, orientation) = Decode.Run(file.Content, Limits);
                    Orient.Run(photo, orientation).Dispose();
                }
                catch (ArtworkFailedException problem)
                {
                    code = problem.Failure.Code;
                    Assert.That(problem.IsTransient, Is.False, file.Name);
                    Assert.That(codes, Does.Contain(code), file.Name);
                }
                if (file.Expected == Expected.Refused) Assert.That(code, Is.Not.EqualTo("decodes"), file.Name);
                if (file.Expected == Expected.Decodes && FileFormat.IsSupported(file.Content))
                    Assert.That(code, Is.EqualTo("decodes"), file.Name);
            }
        });
    }

    [Test]
    public void No_hostile_file_takes_more_than_300_megabytes()
    {
        var (most, slowest) = ((Bytes: 0L, File: ""), (Time: TimeSpan.Zero, File: ""));
        foreach (var file in ImageFiles.Hostile)
        {
            var start = Stopwatch.GetTimestamp();
            var peak = PeakMemory.BytesDuring(() =>
            {
                try
                {
                    var (photo, orientation) = Decode.Run(file.Content, Limits);
                    Orient.Run(photo, orientation).Dispose();
                }
                catch (ArtworkFailedException)
                {
                    // A refusal is fine; only its cost is measured.
                }
            });
            if (Stopwatch.GetElapsedTime(start) is var time && time > slowest.Time) slowest = (time, file.Name);
            if (peak > most.Bytes) most = (peak, file.Name);
        }
        TestContext.Out.WriteLine($"most memory: {most.Bytes / 1_000_000} MB for {most.File}; "
            + $"slowest: {slowest.Time.TotalMilliseconds:0} ms for {slowest.File}");
        Assert.That(most.Bytes, Is.LessThan(300_000_000), most.File);
    }

    [Test]
    public void A_truncated_photo_is_refused_wherever_it_ends()
    {
        var file = File.ReadAllBytes(Repo.Sample("scene-mug.jpg"));
        foreach (var length in new[] { 100, 1_000, file.Length / 2, file.Length - 1_000, file.Length - 10 })
            Assert.That(() => Decode.Run(file.AsMemory(0, length), Limits),
                Throws.TypeOf<ArtworkFailedException>().With.Property("Failure").Property("Code")
                    .EqualTo("image_corrupt"), $"after {length} bytes");
    }

    [TestCase("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG")]
    [TestCase("\0\0\0\x18" + "ftypcrx \0\0\0\0crx isom", "Canon RAW (CR3)")]
    [TestCase("\0\0\0\x0CjP  \r\n", "JPEG 2000")]
    [TestCase("<!-- drawn --><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG")]
    public void A_known_but_unsupported_format_is_named(string file, string name) =>
        Assert.That(() => Decode.Run(System.Text.Encoding.Latin1.GetBytes(file), Limits),
            Throws.TypeOf<ArtworkFailedException>().With.Message
                .EqualTo($"{name} images are not supported. {Use}"));

    [TestCase("\0\0\0\x18" + "ftypisom\0\0\x02\0isommp41", "an MP4 video")]
    [TestCase("\0\0\0\x1C" + "ftypiso5\0\0\0\0iso5avifheic", "an MP4 video")]
    [TestCase("\0\0\0\x14" + "ftypqt  \0\0\0\0qt  ", "a QuickTime video")]
    [TestCase("\0\0\0\x18" + "ftypM4A \0\0\0\0M4A mp42", "an MPEG-4 sound file")]
    [TestCase("\x1A\x45\xDF\xA3 webm", "a Matroska or WebM video")]
    [TestCase("RIFF\0\0\0\0AVI LIST", "an AVI video")]
    [TestCase("%PDF-1.7", "a PDF document")]
    [TestCase("\n<!DOCTYPE html><body><svg></svg>", "an HTML page")]
    [TestCase("<html><head>", "an HTML page")]
    [TestCase("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "an XML document")]
    [TestCase("{\"error\": 1}", "JSON")]
    public void A_file_that_is_no_image_is_named_for_what_it_is(string file, string name) =>
        Assert.That(() => Decode.Run(System.Text.Encoding.Latin1.GetBytes(file), Limits),
            Throws.TypeOf<ArtworkFailedException>().With.Message
                .EqualTo($"The file is {name}, not an image. {Use}"));

    /// <summary>A source may have the photo in several formats, and chooses by this header.</summary>
    [Test]
    public void Sources_are_asked_for_the_formats_that_are_decoded([Values] bool hasSecond) =>
        Assert.That(FileFormat.Accept(new() { SecondDecoder = hasSecond }),
            Is.EqualTo("image/jpeg, image/png, image/webp, image/gif, image/bmp, " + (hasSecond
                ? "image/avif;q=0.8, image/heic;q=0.8, image/heif;q=0.8, image/jxl;q=0.8, image/tiff;q=0.8, " : "")
                + "*/*;q=0.1"));

    [Test]
    public void An_empty_file_is_called_empty() =>
        Assert.That(() => Decode.Run(ReadOnlyMemory<byte>.Empty, Limits),
            Throws.TypeOf<ArtworkFailedException>().With.Message.StartsWith("The file is empty."));

    [Test]
    public void A_file_that_is_not_an_image_is_not_quoted() =>
        Assert.That(() => Decode.Run("""{"AccessKeyId":"secret"}"""u8.ToArray(), Limits),
            Throws.TypeOf<ArtworkFailedException>().With.Message.Not.Contains("secret").And.Property("Failure")
                .Property("Code").EqualTo("unsupported_format"));

    [Test]
    public void The_limits_on_pixels_and_sides_are_exact()
    {
        var file = File.ReadAllBytes(Repo.Sample("scene-mug.jpg"));
        Assert.That(() => Decode.Run(file, new() { MaxPixels = 1280 * 854, MaxSide = 1280 }).Photo.Dispose(),
            Throws.Nothing);
        foreach (var tooSmall in new ImageOptions[] { new() { MaxPixels = 1280 * 854 - 1 }, new() { MaxSide = 1279 } })
            Assert.That(() => Decode.Run(file, tooSmall),
                Throws.TypeOf<ArtworkFailedException>().With.Property("Failure").Property("Code")
                    .EqualTo("image_too_many_pixels"));
    }
}
