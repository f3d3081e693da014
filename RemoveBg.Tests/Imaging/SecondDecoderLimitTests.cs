using System.Buffers.Binary;
using System.Diagnostics;
using ImageMagick;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Imaging.Codecs.Second;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

/// <summary>Refusals of the second decoder, and limits of its process.</summary>
[NonParallelizable] // It measures the memory of the process.
public sealed class SecondDecoderLimitTests
{
    private static readonly ImageOptions Limits = new();

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public void A_truncated_file_is_image_corrupt_wherever_it_ends(string format)
    {
        var file = SecondFiles.Small(format);
        using var whole = Decode.Run(file, Limits).Photo;
        for (var i = 1; i < 12; i++)
        {
            var length = file.Length * i / 12;
            if (length < 16) continue;
            Assert.That(CodeOf(file[..length]), Is.EqualTo("image_corrupt"), $"after {length} of {file.Length} bytes");
        }
    }

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public void The_limits_on_pixels_and_sides_are_exact(string format)
    {
        var file = SecondFiles.Small(format);
        var (width, height) = format == SecondFiles.Heic ? (160, 106) : (64, 48);
        Assert.That(CodeOf(file, new() { MaxPixels = width * height, MaxSide = width }), Is.EqualTo("decodes"));
        Assert.That(CodeOf(file, new() { MaxPixels = width * height - 1 }), Is.EqualTo("image_too_many_pixels"));
        Assert.That(CodeOf(file, new() { MaxSide = width - 1 }), Is.EqualTo("image_too_many_pixels"));
    }

    private static IEnumerable<TestCaseData> Giants()
    {
        var heif = new HeifFile();
        heif.Primary = heif.AddGrid(1, 1, 65_535, 65_535, [heif.AddMug()]);
        yield return new TestCaseData(heif.ToArray()).SetArgDisplayNames("a grid of 4 gigapixels");
        yield return new TestCaseData(Replaced(SecondFiles.Small(SecondFiles.Avif), "ispe"u8, 8,
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])).SetArgDisplayNames("an AVIF of 2^64 pixels");
        yield return new TestCaseData(Tiff((256, 4, 0x7FFFFFFF), (257, 4, 0x7FFFFFFF)))
            .SetArgDisplayNames("a TIFF of 2^62 pixels");
        yield return new TestCaseData(Replaced(Tiff((256, 16, 0), (257, 16, 0)), "x"u8, 0, []))
            .SetArgDisplayNames("a TIFF of no pixels");
        // SizeHeader: not small, 30 bits each of ones.
        yield return new TestCaseData((byte[])[0xFF, 0x0A, .. Enumerable.Repeat((byte)0xFE, 1),
            .. Enumerable.Repeat((byte)0xFF, 30)]).SetArgDisplayNames("a JPEG XL of 2^60 pixels");
    }

    [TestCaseSource(nameof(Giants))]
    public void A_giant_in_the_header_is_refused_before_a_process_is_started(byte[] file)
    {
        var start = Stopwatch.GetTimestamp();
        var peak = PeakMemory.BytesDuring(() =>
            Assert.That(CodeOf(file), Is.AnyOf("image_too_many_pixels", "image_corrupt")));
        Assert.That(peak, Is.LessThan(20_000_000));
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(2)));
    }

    private static IEnumerable<TestCaseData> Hostile()
    {
        var mug = HeifFile.Mug;
        byte[] start = mug[..28];
        byte[] Boxes(int count, byte[] box) => [.. start, .. Enumerable.Repeat(box, count).SelectMany(one => one)];
        yield return new TestCaseData(Boxes(200_000, [0, 0, 0, 8, .. "free"u8])).SetArgDisplayNames("200,000 boxes");
        yield return new TestCaseData(Boxes(100_000, [0, 0, 0, 0, .. "meta"u8])).SetArgDisplayNames("boxes to the end");
        yield return new TestCaseData(Boxes(10, [0, 0, 0, 4, .. "meta"u8])).SetArgDisplayNames("too short a box");
        yield return new TestCaseData(Boxes(10, [0, 0, 0, 1, .. "meta"u8, .. Enumerable.Repeat((byte)0xFF, 8)]))
            .SetArgDisplayNames("a box of 2^64 bytes");
        byte[] nested = [0, 0, 0, 12, .. "meta"u8, 0, 0, 0, 0];
        for (var depth = 0; depth < 2000; depth++)
            nested = HeifFile.Box(depth % 2 == 0 ? "iprp" : "ipco", nested);
        yield return new TestCaseData(HeifWithMeta(mug, nested)).SetArgDisplayNames("boxes 2,000 deep");

        var itself = new HeifFile();
        itself.Primary = itself.AddGrid(1, 1, 160, 106, [1]);
        yield return new TestCaseData(itself.ToArray()).SetArgDisplayNames("a grid of itself");
        var two = new HeifFile { Primary = 1 };
        two.AddGrid(1, 1, 160, 106, [2]);
        two.AddGrid(1, 1, 160, 106, [1]);
        yield return new TestCaseData(two.ToArray()).SetArgDisplayNames("two grids of each other");
        var lies = new HeifFile();
        lies.AddMug();
        yield return new TestCaseData(Replaced(lies.ToArray(), "ispe"u8, 8, [0, 0, 0, 16, 0, 0, 0, 16]))
            .SetArgDisplayNames("a picture larger than its header says");
        var missing = new HeifFile();
        missing.Primary = missing.AddGrid(2, 2, 320, 212, [missing.AddMug()]);
        yield return new TestCaseData(missing.ToArray()).SetArgDisplayNames("a grid without its tiles");

        yield return new TestCaseData(Replaced(Tiff((254, 4, 1), (256, 3, 8), (257, 3, 8)), "x"u8, 0, [], nextAt: 8))
            .SetArgDisplayNames("a directory that names itself");
        yield return new TestCaseData(Tiff((256, 3, 8), (257, 3, 8))).SetArgDisplayNames("a TIFF without pixels");
        yield return new TestCaseData((byte[])[.. "II*\0"u8, 0xFF, 0xFF, 0xFF, 0xFF, .. new byte[64]])
            .SetArgDisplayNames("a directory behind the end");
        yield return new TestCaseData(Tiff((256, 3, 64), (257, 3, 64), (258, 3, 8), (262, 3, 2), (277, 3, 65535),
            (273, 4, 8), (278, 4, 64), (279, 4, 0x7FFFFFFF))).SetArgDisplayNames("65,535 samples per pixel");
        yield return new TestCaseData((byte[])[0xFF, 0x0A, .. Enumerable.Range(0, 4000).Select(i => (byte)(i * 37))])
            .SetArgDisplayNames("noise after a JPEG XL signature");
    }

    [TestCaseSource(nameof(Hostile))]
    public void A_hostile_file_is_refused(byte[] file)
    {
        var start = Stopwatch.GetTimestamp();
        Assert.That(CodeOf(file), Is.AnyOf("image_corrupt", "image_too_many_pixels"));
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(10)));
    }

    /// <summary>A few hundred bytes of a TIFF file may stand for 50 megapixels: they decode in the memory that is
    /// booked for them, outside this process.</summary>
    [Test]
    public void A_bomb_within_the_limits_takes_only_its_pixels_here()
    {
        var file = SecondFiles.Write(SecondFiles.Tiff, new(MagickColors.White, 10_000, 3_000));
        Assert.That(file, Has.Length.LessThan(1_000_000));
        var peak = PeakMemory.BytesDuring(() => Assert.That(CodeOf(file), Is.EqualTo("decodes")));
        Assert.That(peak, Is.LessThan(170_000_000));
    }

    [Test]
    public void An_image_that_takes_too_long_is_image_corrupt()
    {
        Assume.That(OperatingSystem.IsLinux(), "processor time is limited by setrlimit(2)");
        var file = SecondFiles.Write(SecondFiles.JpegXl, SecondFiles.Picture(6000, 5000));
        var problem = Refusal(file, new() { SecondDecoderTime = TimeSpan.FromSeconds(1) });
        Assert.That((problem.Failure.Code, problem.Message),
            Is.EqualTo(("image_corrupt", "The image takes more than 1 s to decode.")));
    }

    [Test]
    public async Task A_decoder_that_is_killed_fails_the_attempt_and_not_the_image()
    {
        var file = SecondFiles.Write(SecondFiles.JpegXl, SecondFiles.Picture(6000, 5000));
        var decoding = Task.Run(() => Refusal(file, Limits));
        await Eventually.HoldsAsync(() => Decoders().Count > 0, "a decoder runs");
        foreach (var decoder in Decoders()) decoder.Kill();
        var problem = await decoding;
        Assert.That((problem.Failure.Code, problem.IsTransient), Is.EqualTo(("internal_error", true)));
    }

    [Test]
    public async Task Cancelling_ends_the_decoder()
    {
        var file = SecondFiles.Write(SecondFiles.JpegXl, SecondFiles.Picture(6000, 5000));
        using var stop = new CancellationTokenSource();
        var decoding = Task.Run(() => Decode.Run(file, Limits, stop.Token));
        await Eventually.HoldsAsync(() => Decoders().Count > 0, "a decoder runs");
        await stop.CancelAsync();
        Assert.That(async () => await decoding, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Decoders(), Is.Empty);
    }

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public void Where_the_decoder_is_off_its_formats_are_named(string format)
    {
        var problem = Refusal(SecondFiles.Small(format), new() { SecondDecoder = false });
        var name = format switch { "jxl" => "JPEG XL", _ => format.ToUpperInvariant() };
        Assert.That((problem.Failure.Code, problem.Message), Is.EqualTo(("unsupported_format",
            $"This installation does not decode {name} images. Use JPEG, PNG, WebP, GIF or BMP.")));
    }

    [Test]
    public void A_raw_file_in_a_tiff_is_not_taken_for_its_preview()
    {
        foreach (var file in new[] { Tiff((256, 3, 160), (257, 3, 120), (50706, 1, 4)),
            Tiff((254, 4, 1), (256, 3, 160), (257, 3, 120), (330, 4, 8)) })
        {
            var problem = Refusal(file, Limits);
            Assert.That(problem.Failure.Code, Is.EqualTo("unsupported_format"));
            Assert.That(problem.Message, Does.StartWith("Camera RAW images"));
        }
    }

    [TestCase("hevc", "HEIC")]
    [TestCase("msf1", "HEIC")]
    [TestCase("avis", "AVIF")]
    public void A_sequence_without_a_still_image_is_named(string brand, string name)
    {
        byte[] file = [.. HeifFile.Box("ftyp", [.. System.Text.Encoding.ASCII.GetBytes(brand), 0, 0, 0, 0]),
            .. HeifFile.Box("moov", new byte[64])];
        var problem = Refusal(file, Limits);
        Assert.That((problem.Failure.Code, problem.Message), Is.EqualTo(("unsupported_format",
            $"{name} sequences without a still image are not supported.")));
    }

    [Test]
    public void A_sequence_with_a_still_image_decodes_to_it()
    {
        var file = new HeifFile { Brand = "msf1" };
        file.AddMug();
        Assert.That(CodeOf(file.ToArray()), Is.EqualTo("decodes"));
    }

    [Test]
    public void A_heif_with_another_codec_is_named()
    {
        var file = new HeifFile();
        file.Add("vvc1", [1, 2, 3], [HeifFile.Size(64, 48)]);
        var problem = Refusal(file.ToArray(), Limits);
        Assert.That(problem.Failure.Code, Is.EqualTo("unsupported_format"));
        Assert.That(problem.Message, Does.Contain("another codec"));
    }

    [Test]
    public void The_memory_of_the_decoder_is_booked_with_the_pixels()
    {
        foreach (var format in SecondFiles.All)
        {
            var (pixels, decoder) = Decode.Measure(SecondFiles.Small(format));
            Assert.That(pixels, Is.EqualTo(format == SecondFiles.Heic ? 160 * 106 : 64 * 48), format);
            var size = new CutOutSize(12_000_000, 0, 0, decoder);
            Assert.That(size.PeakMB(networkMB: 0),
                Is.GreaterThanOrEqualTo(SecondFormat.BaseMB + decoder.BytesPerPixel * 12 + 4 * 12), format);
            Assert.That(new CutOutSize(1_000_000, 12_000_000, 0, default, decoder).PeakMB(networkMB: 0),
                Is.GreaterThanOrEqualTo(SecondFormat.BaseMB + decoder.BytesPerPixel * 12 + 4 * 13), format);
        }
        Assert.That(Decode.Measure(File.ReadAllBytes(Repo.Sample("scene-mug.jpg"))).Decoder,
            Is.EqualTo(default(DecoderMemory)));
    }

    private static string CodeOf(byte[] file, ImageOptions? limits = null)
    {
        try
        {
            Decode.Run(file, limits ?? Limits).Photo.Dispose();
            return "decodes";
        }
        catch (ArtworkFailedException problem)
        {
            Assert.That(problem.IsTransient, Is.False);
            return problem.Failure.Code;
        }
    }

    private static ArtworkFailedException Refusal(byte[] file, ImageOptions limits) =>
        Assert.Throws<ArtworkFailedException>(() => Decode.Run(file, limits).Photo.Dispose())!;

    /// <returns>The decoders that this process has started and that still run.</returns>
    private static List<Process> Decoders() =>
        [.. Process.GetProcessesByName("dotnet").Where(process =>
        {
            try
            {
                return !process.HasExited
                    && File.ReadAllText($"/proc/{process.Id}/cmdline")
                        .Contains("RemoveBg.Decoder", StringComparison.Ordinal)
                    && File.ReadAllText($"/proc/{process.Id}/stat").Split(')')[^1].Split(' ')[2]
                        == $"{Environment.ProcessId}";
            }
            catch (IOException)
            {
                return false;
            }
        })];

    /// <summary>A little-endian TIFF file of one directory and no pixels.</summary>
    private static byte[] Tiff(params (int Tag, int Type, int Value)[] entries)
    {
        var file = new byte[8 + 2 + entries.Length * 12 + 4];
        "II*\0"u8.CopyTo(file);
        file[4] = 8;
        file[8] = (byte)entries.Length;
        for (var i = 0; i < entries.Length; i++)
        {
            var at = file.AsSpan(10 + i * 12);
            BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(at[2..], (ushort)entries[i].Type);
            BinaryPrimitives.WriteInt32LittleEndian(at[4..], 1);
            BinaryPrimitives.WriteInt32LittleEndian(at[8..], entries[i].Value);
        }
        return file;
    }

    /// <summary>Other bytes at a distance from the first place of a mark; of a TIFF also the next directory.</summary>
    private static byte[] Replaced(byte[] file, ReadOnlySpan<byte> mark, int offset, byte[] bytes, int? nextAt = null)
    {
        byte[] changed = [.. file];
        if (bytes.Length > 0) bytes.CopyTo(changed, changed.AsSpan().IndexOf(mark) + offset);
        if (nextAt is { } next) changed[^4] = (byte)next;
        return changed;
    }

    private static byte[] HeifWithMeta(byte[] file, byte[] inner)
    {
        var meta = file.AsSpan().IndexOf("meta"u8) - 4;
        var size = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(meta));
        return [.. file[..meta], .. HeifFile.Box("meta", [.. file[(meta + 8)..(meta + size)], .. inner]),
            .. file[(meta + size)..]];
    }
}
