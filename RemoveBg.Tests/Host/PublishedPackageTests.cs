using System.IO.Compression;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The package that <c>dotnet publish RemoveBg.Functions -c Release</c> makes.</summary>
public sealed class PublishedPackageTests
{
    private string _folder = null!;
    private List<string> _files = null!;

    [OneTimeSetUp]
    public async Task PublishAsync()
    {
        _folder = await PublishedFunctions.FolderAsync();
        _files = [.. Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(_folder, file).Replace('\\', '/'))];
    }

    [TestCase("host.json")]
    [TestCase("functions.metadata")]
    [TestCase("extensions.json")]
    [TestCase("worker.config.json")]
    [TestCase("RemoveBg.Functions.dll")]
    [TestCase(".azurefunctions/function.deps.json")]
    [TestCase("models/removebg.onnx")]
    [TestCase("RemoveBg.Decoder.dll")]
    [TestCase("RemoveBg.Decoder.runtimeconfig.json")]
    [TestCase("magick/policy.xml")]
    public void The_package_contains(string file) => Assert.That(_files, Does.Contain(file));

    [Test]
    public void It_has_native_libraries_for_64_bit_linux_only()
    {
        Assert.That(_files.Where(file => file.StartsWith("runtimes/", StringComparison.Ordinal)), Is.Empty);
        Assert.That(_files.Where(file => file.EndsWith(".dylib", StringComparison.Ordinal)), Is.Empty);
        var libraries = _files.Where(file => file.Contains(".so", StringComparison.Ordinal)).ToList();
        Assert.That(libraries, Is.SupersetOf(["libSkiaSharp.so", "libonnxruntime.so", "libvips.so.42",
            "Magick.Native-Q8-x64.dll.so"]));
        Assert.That(libraries, Is.All.Matches<string>(IsElfForX64));
    }

    [Test]
    public void Debug_symbols_xml_docs_and_local_settings_are_not_packaged() =>
        Assert.That(_files.Where(file => (Path.GetExtension(file) is ".pdb" or ".xml" && file != "magick/policy.xml")
            || file == "local.settings.json"),
            Is.Empty);

    /// <summary>Azure loads the package at every cold start.</summary>
    [Test]
    public void Zipped_without_networks_and_second_decoder_it_has_at_most_45_megabytes()
    {
        var (decoder, rest) = (ZippedBytes(IsOfDecoder), ZippedBytes(file => !IsOfDecoder(file)));
        TestContext.Out.WriteLine($"{rest / 1e6:0.0} MB and {decoder / 1e6:0.0} MB, {_files.Count} files");
        Assert.That(rest, Is.LessThanOrEqualTo(45_000_000));
        Assert.That(decoder, Is.LessThanOrEqualTo(18_000_000));
    }

    private static bool IsOfDecoder(string file) => file.StartsWith("RemoveBg.Decoder", StringComparison.Ordinal)
        || file.StartsWith("magick", StringComparison.OrdinalIgnoreCase);

    private long ZippedBytes(Func<string, bool> which)
    {
        using var zipped = new MemoryStream();
        using (var zip = new ZipArchive(zipped, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var file in _files.Where(file => !file.StartsWith("models/", StringComparison.Ordinal)
                && which(file)))
                zip.CreateEntryFromFile(Path.Combine(_folder, file), file);
        return zipped.Length;
    }

    /// <summary>ELF header: 4 bytes of magic, and at offset 18 the machine, 62 for
    /// x86-64 (System V ABI, AMD64).</summary>
    private bool IsElfForX64(string file)
    {
        using var stream = File.OpenRead(Path.Combine(_folder, file));
        var header = new byte[20];
        stream.ReadExactly(header);
        return header.AsSpan(0, 4).SequenceEqual("\u007fELF"u8) && BitConverter.ToUInt16(header, 18) == 62;
    }
}
