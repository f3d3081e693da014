using ImageMagick;
using RemoveBg.Core.Imaging.Codecs.Second;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

/// <summary>The second decoder's process: its policy, and what it is given.</summary>
[NonParallelizable] // It changes the environment.
public sealed class DecoderPolicyTests
{
    /// <summary>One format is never read as another one, whatever the file is.</summary>
    [Test]
    public async Task The_decoder_reads_no_other_format([Values("heic", "avif", "tiff", "jxl")] string format,
        [Values("svg", "mvg", "msl", "png", "pdf", "text")] string content)
    {
        var file = Foreign(content);
        var (code, output) = await DecoderProcess.RunAsync(DecoderProcess.Policy, file, format, "0", "64", "64", "10",
            "300000000", $"{file.Length}");
        Assert.That((code, output.Length), Is.EqualTo((DecoderProcess.Corrupt, 0)));
    }

    [TestCase("svg")]
    [TestCase("png")]
    [TestCase("")]
    public async Task The_decoder_takes_no_other_format_as_an_argument(string format)
    {
        var file = Foreign("svg");
        var (code, _) = await DecoderProcess.RunAsync(DecoderProcess.Policy, file, format, "0", "64", "64", "10",
            "300000000", $"{file.Length}");
        Assert.That(code, Is.EqualTo(DecoderProcess.Unusable));
    }

    [Test]
    public async Task The_decoder_does_not_work_without_its_policy()
    {
        using var empty = new TemporaryFolder();
        var file = SecondFiles.Small("tiff");
        var (code, _) = await DecoderProcess.RunAsync(empty.Path, file, "tiff", "0", "64", "48", "10", "300000000",
            $"{file.Length}");
        Assert.That(code, Is.EqualTo(DecoderProcess.Unusable));
    }

    /// <summary>ImageMagick itself, with our policy and left to its own guess.</summary>
    [Test]
    public async Task The_policy_refuses_every_format_but_four()
    {
        using var folder = new TemporaryFolder();
        var names = new List<string>();
        foreach (var content in new[] { "svg", "mvg", "msl", "png", "pdf", "text" })
        {
            var path = Path.Combine(folder.Path, $"file.{(content == "text" ? "txt" : content)}");
            await File.WriteAllBytesAsync(path, Foreign(content));
            names.Add(path);
        }
        var tiff = Path.Combine(folder.Path, "photo.tiff");
        await File.WriteAllBytesAsync(tiff, SecondFiles.Small("tiff"));
        names.AddRange([$"@{names[0]}", $"text:{names[0]}", "http://127.0.0.1/a.png", "https://127.0.0.1/a.png",
            "url:file:///etc/hostname", "label:a", "xc:red", "magick:logo", $"msl:{names[2]}",
            "inline:data:image/png;base64,AAAA", $"ps:{names[4]}", "clipboard:", "fd:0", "pango:a"]);
        // ephemeral: deletes what it reads; without its module it is the name of a file like any other.
        using var probe = TestProgram.Start(["read", .. names, $"ephemeral:{tiff}", tiff]);
        var lines = (await probe.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await probe.WaitForExitAsync();
        Assert.That(lines, Has.Length.EqualTo(names.Count + 2));
        Assert.That(lines[..^2], Is.All.StartsWith("refused: "));
        Assert.That(lines[^1], Is.EqualTo("read"));
        Assert.That(File.Exists(tiff), Is.True, "nothing was deleted");
    }

    [Test]
    public void The_decoder_gets_no_secret()
    {
        Environment.SetEnvironmentVariable("REMOVEBG_TEST_SECRET", "whsec_secret");
        try
        {
            using var decoder = SecondDecoder.Start(16, new(SecondFormat.Tiff, 16, 16), new());
            var said = File.ReadAllText($"/proc/{decoder.Id}/environ");
            decoder.Kill();
            Assert.That(said, Does.Contain("MAGICK_CONFIGURE_PATH").And.Not.Contain("whsec_secret"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("REMOVEBG_TEST_SECRET", null);
        }
    }

    private static byte[] Foreign(string content) => content switch
    {
        "svg" => "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/>"u8.ToArray(),
        "mvg" => "push graphic-context\nviewbox 0 0 8 8\nimage over 0,0 0,0 '/etc/hostname'\npop graphic-context\n"u8
            .ToArray(),
        "msl" => "<?xml version='1.0'?><image><read filename='/etc/hostname'/></image>"u8.ToArray(),
        "pdf" => "%PDF-1.7\n1 0 obj<<>>endobj\n"u8.ToArray(),
        "png" => SecondFiles.Picture(8, 8).ToByteArray(MagickFormat.Png),
        _ => "hello, this is a text of some length"u8.ToArray(),
    };
}
