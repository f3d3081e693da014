using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Docs;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Segmentation;

/// <summary>The way to a network of one's own in docs/networks.md: its program and its manifest. Its shell block is run
/// with the others.</summary>
public sealed partial class OwnNetworkTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("own-network").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task The_documented_program_exports_a_network_that_the_documented_manifest_describes()
    {
        var python = new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(HasTorch);
        if (python is null) Assert.Ignore("needs python3 with torch (Debian: python3-torch)");
        await File.WriteAllTextAsync(Path.Combine(_folder, "export.py"), Block("python"));
        using var export = Process.Start(new ProcessStartInfo(python, ["export.py"])
        {
            WorkingDirectory = _folder,
            RedirectStandardError = true,
        })!;
        var errors = await export.StandardError.ReadToEndAsync();
        await export.WaitForExitAsync();
        Assert.That(export.ExitCode, Is.Zero, errors);

        AssertCutsOut(subject: SKColors.Black, background: SKColors.White);
    }

    [Test]
    public void The_documented_manifest_leads_from_a_file_to_a_cut_out()
    {
        File.WriteAllBytes(Path.Combine(_folder, "my-network.onnx"),
            GreyNetwork.Content(null, null, givesLogits: true));
        AssertCutsOut(subject: SKColors.White, background: SKColors.Black);
    }

    [Test]
    public void Every_field_of_an_entry_is_documented()
    {
        var text = File.ReadAllText(Path.Combine(Repo.Root, "docs", "networks.md"));
        var fields = typeof(ModelEntry).GetProperties()
            .Select(property => char.ToLowerInvariant(property.Name[0]) + property.Name[1..]);
        Assert.That(fields.Where(field => !text.Contains($"`{field}`", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Every_shipped_network_is_documented()
    {
        var text = File.ReadAllText(Path.Combine(Repo.Root, "docs", "networks.md"));
        Assert.That(ModelManifest.Shipped.Models.Select(model => model.Name)
            .Where(name => !text.Contains($"`{name}`", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>Cuts out a photo that is not square, with the documented manifest.</summary>
    private void AssertCutsOut(SKColor subject, SKColor background)
    {
        var digest = GreyNetwork.Digest(File.ReadAllBytes(Path.Combine(_folder, "my-network.onnx")));
        var manifest = Digest().Replace(Block("json"), digest);
        Assert.That(manifest, Does.Contain(digest));
        File.WriteAllText(Path.Combine(_folder, ModelManifest.UserFile), manifest);
        var options = new ModelOptions { Name = "my-network", Folders = _folder, Cache = _folder };
        using var network = Segmenter.Open(new ModelCatalog(Options.Create(options)).Resolve(), options);
        using var bitmap = new SKBitmap(300, 200);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(background);
            using var paint = new SKPaint { Color = subject };
            canvas.DrawRect(SKRect.Create(180, 40, 80, 100), paint);
        }
        var (file, done) = network.CutOut(bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray(), OutputFormat.Png);
        var cutOut = Picture.Read(file);
        Assert.That(done.Model, Is.EqualTo("my-network"));
        Assert.That((cutOut.Alpha(220, 90), cutOut.Alpha(100, 90), cutOut.Alpha(220, 180)), Is.EqualTo((255, 0, 0)));
    }

    private static string Block(string language) =>
        FencedBlock.In("docs/networks.md").Single(block => block.Language == language).Code;

    private static bool HasTorch(string python)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, ["-c", "import torch"])
            {
                RedirectStandardError = true,
            })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [GeneratedRegex("sha256:[0-9a-f]{64}")]
    private static partial Regex Digest();
}
