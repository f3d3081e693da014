using System.Text.Json;
using System.Text.RegularExpressions;
using RemoveBg.SelfHost.Cli;
using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Docs;

/// <summary>Runs the shell blocks of README.md and docs, and checks that what the documents name exists.
/// <see cref="Clients.SnippetTests"/> runs their programs in JavaScript, Python and C#.</summary>
public sealed partial class DocsTests
{
    private static readonly string[] Runnable = ["bash", "js", "python", "csharp", "json", "text"];

    /// <summary>Blocks that no test can run: they need a subscription, a cluster, Docker or Core Tools.</summary>
    private const int NotRun = 10;

    [TestCaseSource(nameof(Documents))]
    public void Every_fenced_block_is_run_or_says_why_it_is_not(string document)
    {
        foreach (var block in FencedBlock.In(document))
            if (block.NotRun is null)
                Assert.That(Runnable, Does.Contain(block.Language),
                    $"{block}: no test runs this language; use another one, or 'text' for what is no code.");
            else
                Assert.That(NeedsTheOutside().IsMatch(block.Code), Is.True,
                    $"{block}: only commands of az, azd, docker, func or kubectl may be left out ({block.NotRun}).");
    }

    [Test]
    public void Few_blocks_are_not_run()
    {
        var blocks = Documents().SelectMany(FencedBlock.In).Where(block => block.NotRun is not null).ToList();
        Assert.That(blocks, Has.Count.EqualTo(NotRun), string.Join('\n', blocks));
    }

    [TestCaseSource(nameof(WithBlocksNotRun))]
    public async Task Blocks_that_are_not_run_are_valid_shell(string document)
    {
        foreach (var block in FencedBlock.In(document).Where(block => block.NotRun is not null))
        {
            var (code, output) = await FreshClone.ParseAsync(block.Code);
            Assert.That((block.Language, code), Is.EqualTo(("bash", 0)), $"{block}: {output}");
        }
    }

    [TestCaseSource(nameof(WithShellBlocks))]
    public async Task The_shell_blocks_of_a_document_run_in_a_fresh_clone(string document)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs bash");
        var blocks = FencedBlock.In(document).Where(IsShell).ToList();
        using var clone = new FreshClone();
        await using var host =
            blocks.Any(block => block.Code.Contains("./run", StringComparison.Ordinal)) ? null
                : await RunningHost.StartAsync();
        if (host is not null) clone.Keep(JsonSerializer.Serialize(host.Secrets));

        var (code, output) = await clone.RunAsync(blocks, host?.Client.BaseAddress);

        Assert.That(code, Is.Zero, output);
        foreach (var file in Directory.GetFiles(clone.Root)
            .Where(file => Path.GetExtension(file) is ".png" or ".webp" or ".jpg"))
            Assert.That(Picture.Read(file).MeanAlpha(), Is.GreaterThan(0.02), file);
    }

    [Test]
    public async Task Readmes_call_of_the_api_names_the_key_that_is_not_set()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs bash");
        using var clone = new FreshClone();
        var block = FencedBlock.In("README.md").Single(block => block.Code.Contains("/v2/", StringComparison.Ordinal)
            && block.Language == "bash");
        var (code, output) = await clone.RunAsync([block], new("http://127.0.0.1:1"));
        Assert.That(code, Is.Not.Zero);
        Assert.That(output, Does.Contain("REMOVEBG_KEY: set it as shown above").And.Not.Contain("sed:"));
    }

    [TestCaseSource(nameof(Documents))]
    public void Blocks_of_json_parse(string document)
    {
        foreach (var block in FencedBlock.In(document).Where(block => block.Language == "json"))
            Assert.That(() => JsonDocument.Parse(block.Code), Throws.Nothing, $"{block}");
    }

    [TestCaseSource(nameof(AllDocuments))]
    public void Links_point_to_existing_files_and_headings(string document)
    {
        var text = File.ReadAllText(Path.Combine(Repo.Root, document));
        foreach (var link in Link().Matches(text).Select(match => match.Groups["target"].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal)))
        {
            var (path, anchor) = link.Split('#') is [var file, var heading] ? (file, heading) : (link, null);
            var full = path.Length == 0 ? Path.Combine(Repo.Root, document)
                : Path.GetFullPath(Path.Combine(Repo.Root, Path.GetDirectoryName(document)!, path));
            Assert.That(Path.Exists(full), Is.True, $"{document}: {link}");
            if (anchor is not null)
                Assert.That(Heading().Matches(File.ReadAllText(full)).Select(match => Anchor(match.Groups[1].Value)),
                    Does.Contain(anchor), $"{document}: {link}");
        }
    }

    /// <summary>Code such as <c>./run serve --port N</c>, <c>removebg cut --crop</c>, <c>./bench speed</c>.</summary>
    [TestCaseSource(nameof(AllDocuments))]
    public void Options_and_commands_that_are_named_exist(string document)
    {
        var tool = CommandLine.Create();
        var benches = File.ReadLines(Path.Combine(Repo.Root, "bench")).ElementAt(1);
        var text = File.ReadAllText(Path.Combine(Repo.Root, document));
        foreach (var command in Command().Matches(text).Select(match => match.Value))
        {
            if (command.Split(' ') is ["./bench", var name, ..])
                Assert.That(benches, Does.Match($"[ |]{Regex.Escape(name)}[ |]"), $"{document}: {command}");
            else if (!command.StartsWith("./bench", StringComparison.Ordinal))
                Assert.That(Option().Matches(command.Split(" #")[0]).Select(match => match.Value),
                    Is.SubsetOf(OptionsOf(tool, command)), $"{document}: {command}");
        }
    }

    /// <returns>Options of the command that the words name, and of those above it.</returns>
    private static HashSet<string> OptionsOf(System.CommandLine.Command tool, string words)
    {
        var path = new List<System.CommandLine.Command> { tool };
        foreach (var word in CommandLine.WithCommand(tool, words.Split(' ')[1..]))
            if (path[^1].Subcommands.FirstOrDefault(command => command.Name == word) is { } next) path.Add(next);
            else break;
        return [.. path.SelectMany(command => command.Options)
            .SelectMany(option => option.Aliases.Append(option.Name))];
    }

    /// <summary>Proofs such as <c>`Flow/CrashTests`: a host that was killed …, a job whose …</c>.</summary>
    [TestCase("SECURITY.md")]
    [TestCase("docs/faults.md")]
    public void Quoted_tests_exist(string document)
    {
        var problems = new List<string>();
        var text = File.ReadAllText(Path.Combine(Repo.Root, document));
        foreach (var quote in QuotedTests().Matches(text).Cast<Match>())
        {
            var name = $"RemoveBg.Tests.{quote.Groups["folder"].Value}.{quote.Groups["class"].Value}";
            if (typeof(DocsTests).Assembly.GetType(name) is not { } fixture)
            {
                problems.Add($"{name} does not exist");
                continue;
            }
            var names = fixture.GetMethods().Select(method => method.Name.Replace('_', ' ')).ToList();
            problems.AddRange(quote.Groups["names"].Value.Split('…', StringSplitOptions.RemoveEmptyEntries)
                .Select(start => start.Trim(' ', ',', ';')).Where(start => start.Length > 0)
                .Where(start => !names.Exists(test => test.StartsWith(start, StringComparison.OrdinalIgnoreCase)))
                .Select(start => $"{quote.Groups["class"].Value} has no test '{start} …'"));
        }
        Assert.That(QuotedTests().Count(text), Is.GreaterThan(10));
        Assert.That(problems, Is.Empty, document);
    }

    [TestCase("ARCHITECTURE.md")]
    [TestCase("SECURITY.md")]
    [TestCase("docs/faults.md")]
    public void Files_and_types_that_are_named_exist(string document)
    {
        var folders = new[] { "", "RemoveBg.Core", "RemoveBg.Functions", "RemoveBg.Tests", "RemoveBg.Core/Network",
            "RemoveBg.Core/Imaging/Codecs", "RemoveBg.Tests/Given", "RemoveBg.Functions/Web" }
            .Select(folder => Path.Combine(Repo.Root, folder)).ToList();
        var types = new[] { "RemoveBg.Core", "RemoveBg.Functions", "RemoveBg.SelfHost", "RemoveBg.Tests" }
            .SelectMany(project => System.Reflection.Assembly.Load(project).GetTypes())
            .Select(type => type.Name.Split('`')[0]).ToHashSet();
        var text = File.ReadAllText(Path.Combine(Repo.Root, document));
        var named = InlineCode().Matches(text).Select(match => match.Groups["code"].Value).ToList();
        Assert.Multiple(() =>
        {
            foreach (var path in named.Where(code => FilePath().IsMatch(code)))
                Assert.That(folders.Exists(folder => Path.Exists(Path.Combine(folder, path))
                    || Path.Exists(Path.Combine(folder, path + ".cs"))), Is.True, $"{document}: {path}");
            foreach (var type in named.Where(code => TypeName().IsMatch(code)
                && !folders.Exists(folder => Path.Exists(Path.Combine(folder, code)))))
                Assert.That(types.Contains(type.Split('.')[0]), Is.True, $"{document}: {type}");
        });
    }

    [TestCaseSource(nameof(AllDocuments))]
    public void Settings_that_are_named_exist(string document)
    {
        var text = File.ReadAllText(Path.Combine(Repo.Root, document));
        var named = Setting().Matches(text).Select(match => match.Value.Replace("__", ":", StringComparison.Ordinal));
        Assert.That(named.Except(Settings()), Is.Empty, document);
    }

    [Test]
    public void Every_setting_is_documented()
    {
        var text = File.ReadAllText(Path.Combine(Repo.Root, "docs", "settings.md"));
        // A row may name several settings of a section: `RemoveBg:Fetch:TotalTimeout` · `IdleTimeout`.
        Assert.That(Settings().Where(setting => !text.Contains($"`{setting}`", StringComparison.Ordinal)
            && !text.Contains($"· `{setting.Split(':')[2]}`", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void A_block_is_found_with_its_line_language_and_marker()
    {
        const string text = "# Title\n\n<!-- not run: needs an Azure subscription -->\n\n```bash\naz up\n```\n\n"
            + "```json\n{}\n```\n";
        Assert.That(FencedBlock.Parse("a.md", text), Is.EqualTo(new FencedBlock[]
        {
            new("a.md", 5, "bash", "az up\n", "needs an Azure subscription"),
            new("a.md", 9, "json", "{}\n", null),
        }));
        Assert.That(() => FencedBlock.Parse("a.md", "```bash\nls\n"), Throws.TypeOf<FormatException>());
    }

    [Test]
    public async Task A_command_that_fails_fails_its_document()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs bash");
        using var clone = new FreshClone();
        FencedBlock[] blocks = [new("a.md", 1, "bash", "true\n", null), new("a.md", 5, "bash", "no-such-tool\n", null)];
        var (code, output) = await clone.RunAsync(blocks, new("http://127.0.0.1:7071"));
        Assert.That(code, Is.EqualTo(127));
        Assert.That(output, Does.Contain("# a.md:5 bash").And.Contain("no-such-tool"));
    }

    private static IEnumerable<string> Documents() => FencedBlock.Documents;

    private static IEnumerable<string> AllDocuments() =>
    [
        .. FencedBlock.Documents, "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md",
        "infra/README.md", "models/MODEL_CARD.md", "training/README.md", "clients/README.md",
        "clients/javascript/README.md", "clients/python/README.md", "RemoveBg.Client/README.md",
    ];

    private static IEnumerable<string> WithShellBlocks() =>
        FencedBlock.Documents.Where(document => FencedBlock.In(document).Any(IsShell));

    private static IEnumerable<string> WithBlocksNotRun() =>
        FencedBlock.Documents.Where(document => FencedBlock.In(document).Any(block => block.NotRun is not null));

    /// <summary>The properties of all options classes, as <c>RemoveBg:Section:Name</c>.</summary>
    private static List<string> Settings() =>
    [
        .. from type in System.Reflection.Assembly.Load("RemoveBg.Core").GetTypes()
           let section = type.GetField("Section")?.GetRawConstantValue() as string
           where section is not null
           from property in type.GetProperties()
           where property.CanWrite
           select $"{section}:{property.Name}",
    ];

    private static bool IsShell(FencedBlock block) => block is { Language: "bash", NotRun: null };

    /// <summary>The anchor that GitHub gives a heading.</summary>
    private static string Anchor(string heading) =>
        NotInAnchors().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"^[^#\n]*\b(az|azd|docker|func|kubectl) [a-z]", RegexOptions.Multiline)]
    private static partial Regex NeedsTheOutside();

    [GeneratedRegex(@"(?<!!)\[[^\]]*\]\((?<target>[^)\s]+)\)|!\[[^\]]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"(\./(run|bench)|(?<=^|`|\| )removebg(?= [a-z.'-]))\b[^`\n|]*", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex("(?<= )--?[a-z][a-z-]*")]
    private static partial Regex Option();

    [GeneratedRegex(@"`(?<folder>[A-Z]\w+)/(?<class>\w+Tests)`(: (?<names>[^`|(]*))?")]
    private static partial Regex QuotedTests();

    [GeneratedRegex(@"\bRemoveBg(?:__|:)[A-Z]\w*?(?:__|:)[A-Z][A-Za-z]+\b")]
    private static partial Regex Setting();

    [GeneratedRegex("`(?<code>[^`\n]+)`")]
    private static partial Regex InlineCode();

    /// <summary>With a folder, in PascalCase or <c>models/</c> and the like.</summary>
    [GeneratedRegex(@"^([A-Z][\w.]*|models|training|docs)/([\w.]+/)*[\w.]*$|^[A-Z]\w+\.cs$")]
    private static partial Regex FilePath();

    /// <summary>Two humps at least, as in <c>FairGate</c>, and perhaps a member.</summary>
    [GeneratedRegex(@"^[A-Z][a-z0-9]+[A-Z][A-Za-z0-9]*(\.[A-Z]\w*)?$")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();
}
