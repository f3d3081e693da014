using System.Diagnostics;
using System.Text.RegularExpressions;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Docs;

/// <summary>docs/measurements.md against the commands that print its tables.</summary>
public sealed partial class MeasurementsTests
{
    private const string Document = "docs/measurements.md";

    private static readonly IReadOnlyList<MeasuredTable> Tables =
        MeasuredTable.In(File.ReadAllText(Path.Combine(Repo.Root, Document)));

    /// <summary>Small inputs: the columns count, not the figures.</summary>
    private static readonly Dictionary<string, string> Commands = new()
    {
        ["speed"] = "--model removebg --runs 1 --megapixels 0.05",
        ["encode"] = "--model removebg --runs 1 --megapixels 0.05",
        ["start"] = "--model removebg --runs 1",
        ["decode"] = "{samples}/scene-mug.jpg --runs 1",
        ["quality"] = "--model removebg --set {set} --sheets {folder}",
    };

    [Test]
    public void Each_table_names_the_command_that_prints_it_or_the_commit_that_it_belongs_to()
    {
        Assert.That(Tables, Has.Count.GreaterThan(10));
        foreach (var table in Tables)
            Assert.That(Source().IsMatch(table.Lead), Is.True,
                $"{table}: `./bench ...`, `./test ...` or (history, commit ...)");
    }

    [TestCaseSource(nameof(Commands))]
    public Task A_command_prints_the_columns_of_its_tables(KeyValuePair<string, string> command) =>
        CompareAsync(command.Key, command.Value);

    /// <summary>Packages of Node's must be installed for the one, and the other takes most of a minute.</summary>
    [TestCase("peer", "--runs 1 --megapixels 0.05"), TestCase("load", "--model removebg --requests 8")]
    [Category("Soak")]
    public Task A_longer_command_prints_the_columns_of_its_tables(string name, string arguments)
    {
        if (name == "peer") _ = Repo.SharedOrSkip("models", "u2netp.onnx");
        return CompareAsync(name, arguments);
    }

    [Test]
    public void Each_command_has_its_columns_compared() =>
        Assert.That(Tables.Select(BenchOf).OfType<string>().Distinct(),
            Is.SubsetOf(Commands.Keys.Concat(["peer", "load"])));

    private static async Task CompareAsync(string name, string arguments)
    {
        var documented = Tables.Where(table => BenchOf(table) == name).ToList();
        Assert.That(documented, Is.Not.Empty, $"{Document} has no table of ./bench {name}");

        var printed = MeasuredTable.In(await RunAsync(name, arguments)).Select(table => table.Columns).ToList();

        foreach (var table in documented) Assert.That(printed, Does.Contain(table.Columns), $"{table}");
    }

    private static async Task<string> RunAsync(string name, string arguments)
    {
        using var folder = new TemporaryFolder();
        var set = Path.Combine(folder.Path, "two");
        Directory.CreateDirectory(set);
        foreach (var scene in new[] { "mug", "toycar" })
        {
            Shrink($"scene-{scene}.jpg", Path.Combine(set, $"{scene}.jpg"), SKEncodedImageFormat.Jpeg);
            Shrink($"scene-{scene}.alpha.png", Path.Combine(set, $"{scene}.alpha.png"), SKEncodedImageFormat.Png);
        }
        var words = arguments.Split(' ').Select(word => word.Replace("{samples}", Path.Combine(Repo.Root, "samples"),
                StringComparison.Ordinal).Replace("{set}", set, StringComparison.Ordinal)
            .Replace("{folder}", folder.Path, StringComparison.Ordinal));
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "RemoveBg.Bench.dll"), name, .. words])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Repo.Root,
        };
        start.Environment["REMOVEBG_ROOT"] = Repo.Root;
        using var bench = Process.Start(start)!;
        var (output, errors) = (bench.StandardOutput.ReadToEndAsync(), bench.StandardError.ReadToEndAsync());
        await bench.WaitForExitAsync();
        Assert.That(bench.ExitCode, Is.Zero, await output + await errors);
        return await output;
    }

    private static void Shrink(string sample, string target, SKEncodedImageFormat format)
    {
        using var codec = SKCodec.Create(Repo.Sample(sample));
        using var original = SKBitmap.Decode(codec);
        using var small = original.Resize(new SKImageInfo(160, 120), SKSamplingOptions.Default);
        using var file = File.Create(target);
        small.Encode(file, format, 95);
    }

    /// <summary>The benchmark that is named last before a table; null if that is a test, or a commit.</summary>
    private static string? BenchOf(MeasuredTable table) =>
        Source().Matches(table.Lead) is [.., var last] && last.Groups["bench"] is { Success: true } bench
            ? bench.Value : null;

    [GeneratedRegex(@"`\./bench (?<bench>[a-z]+)[^`]*`|`\./test --[a-z]+[^`]*`|history, commit [0-9a-f]{7}\)")]
    private static partial Regex Source();
}
