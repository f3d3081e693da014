using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using RemoveBg.Client;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Clients;

/// <summary>The clients below <c>clients</c> and <c>RemoveBg.Client</c>: all show the same behaviours against a running
/// service, and none lacks an operation or option of the API.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed partial class ClientTests
{
    private static readonly string Folder = Path.Combine(Repo.Root, "clients");

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private RunningHost _host = null!;

    [OneTimeSetUp]
    public async Task Start() => _host = await RunningHost.StartAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [TestCase("python", "python3", "scenario.py")]
    [TestCase("javascript", "node", "scenario.mjs")]
    public async Task The_client_in_this_language_shows_every_behaviour(string language, string program,
        string scenario)
    {
        if (!Snippet.Has(program, "--version")) Assert.Ignore($"needs {program}");
        await using var caller = await StandInAsync();
        var start = new ProcessStartInfo(program, [Path.Combine(Folder, language, "tests", scenario)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["REMOVEBG_URL"] = Url,
            ["REMOVEBG_KEY"] = _host.Secrets.ApiKey,
            ["REMOVEBG_WEBHOOK_SECRET"] = _host.Secrets.WebhookSecret,
            ["PHOTO"] = Repo.Sample("scene-toycar.jpg"),
            ["PHOTO_URL"] = PhotoUrl,
            ["STAND_IN"] = caller.Url,
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        }) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(Patience);
            AssertAllShown((await output).Split('\n', StringSplitOptions.RemoveEmptyEntries), await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    [Test]
    public async Task The_client_for_dotnet_shows_every_behaviour()
    {
        await using var caller = await StandInAsync();
        using var scenario = new DotnetScenario(Url, _host.Secrets.ApiKey, _host.Secrets.WebhookSecret, PhotoUrl,
            caller.Url);
        AssertAllShown(await scenario.RunAsync().WaitAsync(Patience), "");
    }

    [Test]
    public void Every_operation_is_a_method_of_each_client_or_left_out_for_a_reason()
    {
        using var api = Api();
        var operations = new[] { "paths", "webhooks" }
            .SelectMany(group => api.RootElement.GetProperty(group).EnumerateObject())
            .SelectMany(path => path.Value.EnumerateObject())
            .Where(method => method.Value.ValueKind == JsonValueKind.Object)
            .Select(method => method.Value.Text("operationId")!);
        var (listed, leftOut) = (Rows("Operations"), Rows("Left out"));
        Assert.That(listed.Concat(leftOut).Select(row => row.Name), Is.EquivalentTo(operations));
        Assert.That(leftOut.Select(row => row.Text), Has.All.Not.Empty);
        var methods = listed.Select(row => row.Text.Trim('`')).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(methods.Select(Snake), Is.SubsetOf(Names(PythonFunction(), Python())));
            Assert.That(methods, Is.SubsetOf(Names(TypeScriptFunction(), Types())));
            Assert.That(methods.Select(Pascal), Is.SubsetOf(typeof(RemoveBgClient).GetMethods()
                .Select(method => method.Name).Select(name => name.EndsWith("Async", StringComparison.Ordinal)
                    ? name[..^"Async".Length] : name)));
        });
    }

    [Test]
    public void Every_field_of_a_request_is_an_option_of_each_client()
    {
        using var api = Api();
        var fields = api.RootElement.GetProperty("components").GetProperty("schemas").GetProperty("SubmitForm")
            .GetProperty("properties").EnumerateObject().Select(property => property.Name)
            .Except(["image", "imageUrl"]).ToList();
        Assert.That(fields, Has.Count.GreaterThan(10));
        Assert.Multiple(() =>
        {
            Assert.That(Names(PythonField(), Between(Python(), "class Options:", "def fields")),
                Is.EquivalentTo(fields.Select(Snake)));
            Assert.That(Names(TypeScriptField(), Between(Types(), "interface Options {", "\n}")),
                Is.EquivalentTo(fields));
            Assert.That(typeof(Options).GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Select(property => property.Name).Except([nameof(Options.BackgroundImage)]),
                Is.EquivalentTo(fields.Select(Pascal)));
        });
    }

    /// <summary>The types in TypeScript are written by hand.</summary>
    [Test]
    public async Task The_types_for_javascript_name_what_the_module_exports()
    {
        const string ask = """
            const module = await import(process.argv[1]);
            const methods = Object.getOwnPropertyNames(module.RemoveBgClient.prototype);
            console.log(JSON.stringify([...Object.keys(module), ...methods]));
            """;
        using var node = Process.Start(new ProcessStartInfo("node",
            ["--input-type=module", "-e", ask, Path.Combine(Folder, "javascript", "removebg.js")])
        {
            RedirectStandardOutput = true,
        })!;
        var exported = JsonSerializer.Deserialize<string[]>(await node.StandardOutput.ReadToEndAsync())!;
        var functions = Names(TypeScriptFunction(), Between(Types(), "class RemoveBgClient", "\n}"));
        var declared = Names(TypeScriptExport(), Types()).Concat(functions).Distinct();
        Assert.That(declared, Is.EquivalentTo(exported));
    }

    [Test]
    public async Task The_client_for_dotnet_is_a_package_with_its_readme_and_no_dependency()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Dotnet.RunAsync(Path.Combine(Repo.Root, "RemoveBg.Client"), [],
            ["pack", "--no-build", "-c", "Release", "-nologo", "-o", folder.Path, .. Dotnet.NoServer]);
        Assert.That(code, Is.Zero, output);
        using var package = System.IO.Compression.ZipFile.OpenRead(Directory.GetFiles(folder.Path, "*.nupkg").Single());
        Assert.That(package.Entries.Select(entry => entry.FullName), Is.SupersetOf(["README.md",
            "lib/net10.0/RemoveBg.Client.dll", "lib/net10.0/RemoveBg.Client.xml"]));
        using var description = new StreamReader(package.GetEntry("RemoveBg.Client.nuspec")!.Open());
        Assert.That(await description.ReadToEndAsync(), Does.Not.Contain("<dependency "));
    }

    private string Url => _host.Client.BaseAddress!.AbsoluteUri.TrimEnd('/');

    private string PhotoUrl => $"{Url}/assets/scene-toycar.jpg";

    private static async Task<Caller> StandInAsync()
    {
        var caller = await Caller.StartAsync();
        ServiceInTrouble.Serve(caller);
        return caller;
    }

    private static void AssertAllShown(IReadOnlyCollection<string> lines, string errors)
    {
        var behaviours = Rows("Behaviours").Select(row => $"ok {row.Name}").ToList();
        Assert.That(behaviours, Has.Count.GreaterThan(20));
        Assert.That(lines, Is.EquivalentTo(behaviours), string.Join('\n', lines) + errors);
    }

    /// <returns>First two cells of the rows of a table in clients/README.md, the first without backticks.</returns>
    private static List<(string Name, string Text)> Rows(string heading) =>
    [
        .. from match in Row().Matches(Between(File.ReadAllText(Path.Combine(Folder, "README.md")), $"## {heading}\n",
               "\n## "))
           select (match.Groups["name"].Value, match.Groups["text"].Value.Trim()),
    ];

    private static JsonDocument Api() => JsonDocument.Parse(File.ReadAllText(Repo.OpenApi));

    private static string Python() => string.Join('\n',
        Directory.GetFiles(Path.Combine(Folder, "python", "src", "removebg_client"), "*.py").Select(File.ReadAllText));

    private static string Types() => File.ReadAllText(Path.Combine(Folder, "javascript", "removebg.d.ts"));

    private static List<string> Names(Regex declaration, string text) =>
        [.. declaration.Matches(text).Select(match => match.Groups["name"].Value)];

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal);
        Assert.That(from, Is.Not.Negative, start);
        var to = text.IndexOf(end, from + start.Length, StringComparison.Ordinal);
        return to < 0 ? text[from..] : text[from..to];
    }

    private static string Snake(string camel) =>
        Capital().Replace(camel, match => "_" + match.Value.ToLowerInvariant());

    private static string Pascal(string camel) => char.ToUpperInvariant(camel[0]) + camel[1..];

    [GeneratedRegex(@"^\| `(?<name>[^`]+)` \| (?<text>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^ *def (?<name>\w+)\(", RegexOptions.Multiline)]
    private static partial Regex PythonFunction();

    [GeneratedRegex(@"^    (?<name>\w+): ", RegexOptions.Multiline)]
    private static partial Regex PythonField();

    [GeneratedRegex(@"^(?:  |export declare function )(?<name>\w+)\(", RegexOptions.Multiline)]
    private static partial Regex TypeScriptFunction();

    [GeneratedRegex(@"^  (?<name>\w+)\?: ", RegexOptions.Multiline)]
    private static partial Regex TypeScriptField();

    [GeneratedRegex(@"^export declare (?:class|function) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeScriptExport();

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}
