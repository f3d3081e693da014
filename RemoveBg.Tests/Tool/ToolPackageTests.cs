using System.Diagnostics;
using System.IO.Compression;
using RemoveBg.Tests.Docs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary>The .NET tool: packed and installed with the commands of docs/cli.md, in folders of its own, and from the
/// packed file alone.</summary>
public sealed class ToolPackageTests
{
    private TemporaryFolder _folder = null!;

    private string Packages => Path.Combine(_folder.Path, "packages");

    private string Tools => Path.Combine(_folder.Path, "tools");

    [OneTimeSetUp]
    public async Task PackAndInstall()
    {
        _folder = new();
        var block = FencedBlock.In("docs/cli.md")[0];
        var lines = block.Code.Replace("artifacts/tool", Packages, StringComparison.Ordinal)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(2), $"{block}");

        // Built by the build of the tests.
        await DotnetAsync(lines[0] + " --no-build");
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "nuget.config"), $"""
            <configuration>
              <packageSources><clear /><add key="packed" value="{Packages}" /></packageSources>
            </configuration>
            """);
        await DotnetAsync(lines[1].Replace("--global", $"--tool-path {Tools}", StringComparison.Ordinal)
            + $" --configfile {Path.Combine(_folder.Path, "nuget.config")}");
    }

    [OneTimeTearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task The_installed_tool_cuts_out_a_jpeg_and_a_heic_without_a_clone()
    {
        var result = await RunAsync(Repo.Sample("scene-mug.jpg"), "-o", "mug.png");
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(Picture.Read(Path.Combine(_folder.Path, "mug.png")).MeanAlpha(), Is.InRange(0.03, 0.6));
        result = await RunAsync(Path.Combine(Repo.Root, "RemoveBg.Tests", "Given", "Heif", "mug.heic"), "-o",
            "heic.png");
        Assert.That(result.Code, Is.Zero, result.Errors);
    }

    [Test]
    public async Task It_has_its_own_model_and_its_own_name()
    {
        var list = await RunAsync("networks", "verify");
        Assert.That(list.Code, Is.Zero, list.Errors);
        Assert.That(list.Output, Does.StartWith("removebg: ").And.Contain(Tools).And.EndWith(" is intact\n"));
        var help = await RunAsync("--help");
        Assert.That(help.Output, Does.Contain("removebg [command] [options]"));
    }

    [Test]
    public void The_package_has_one_platforms_libraries_and_at_most_65_megabytes()
    {
        var package = Directory.GetFiles(Packages, "RemoveBg.Tool.*.nupkg").Single();
        var bytes = new FileInfo(package).Length;
        TestContext.Out.WriteLine($"{bytes / 1e6:0.0} MB");
        Assert.That(bytes, Is.LessThanOrEqualTo(65_000_000));
        using var zip = ZipFile.OpenRead(package);
        var files = zip.Entries.Select(entry => entry.FullName).ToList();
        Assert.That(files, Is.SupersetOf(new[] { "README.md", "tools/net10.0/any/models/removebg.onnx",
            "tools/net10.0/any/RemoveBg.Decoder.dll", "tools/net10.0/any/THIRD-PARTY-NOTICES.txt" }));
        Assert.That(files.Where(file => file.Contains("/runtimes/", StringComparison.Ordinal)
            && !file.Contains("/runtimes/linux-x64/", StringComparison.Ordinal)
            && !file.Contains($"/runtimes/{System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier}/",
                StringComparison.Ordinal)), Is.Empty);
    }

    private static async Task DotnetAsync(string command)
    {
        var words = command.Split(' ');
        Assert.That(words[0], Is.EqualTo("dotnet"));
        var (code, output) = await Dotnet.RunAsync(Repo.Root, [], words[1..]);
        Assert.That(code, Is.Zero, $"{command}\n{output}");
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Tools, "removebg"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.Path,
        };
        start.Environment.Remove("REMOVEBG_ROOT");
        start.Environment["RemoveBg__Model__Cache"] = Path.Combine(_folder.Path, "cache");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
