using System.Text.Json.Nodes;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>openapi.json as the linters and the client generator of others read it.</summary>
public sealed class OpenApiLintTests
{
    private static readonly string[] Steps =
    [
        "alive", "submit a URL", "submit a file and read until it has ended", "download", "submit a batch",
        "submit a batch of files", "list", "cancel what has ended", "list deliveries", "watch",
        "delete, and read an error", "remove.bg's routes",
    ];

    [Test]
    public async Task Spectral_and_Redocly_find_nothing() =>
        Assert.That(await OpenApiTools.LintAsync(Repo.OpenApi), Is.Empty);

    [Test]
    public async Task Each_linter_finds_a_fault()
    {
        var document = JsonNode.Parse(await File.ReadAllTextAsync(Repo.OpenApi))!;
        var read = document["paths"]!["/v2/artworks/{id}"]!["get"]!;
        read["description"] = "";
        read["responses"]!["200"]!["content"]!["application/json"]!["examples"]!["failed"]!["value"]!["duration"] = "1";
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "openapi.json");
        await File.WriteAllTextAsync(file, document.ToJsonString());

        var found = await OpenApiTools.LintAsync(file);

        Assert.That(found, Has.Some.StartsWith("Spectral: warning operation-description at paths./v2/artworks/{id}.get")
            .And.Some.StartsWith("Redocly: warn no-invalid-media-type-examples"));
    }

    /// <summary>eng/openapi/client.mts is what a user would write with openapi-typescript and openapi-fetch.</summary>
    [Test]
    public async Task A_generated_client_compiles_and_calls_a_running_service()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in new[] { "client.mts", "tsconfig.json" })
            File.Copy(Path.Combine(OpenApiTools.Folder, file), Path.Combine(folder.Path, file));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "node_modules"), OpenApiTools.Packages);
        var generated = await OpenApiTools.RunAsync(folder.Path, "openapi-typescript/bin/cli.js", Repo.OpenApi,
            "--output", "api.d.ts");
        Assert.That(generated.Code, Is.Zero, generated.Errors);
        var compiled = await OpenApiTools.RunAsync(folder.Path, "typescript/bin/tsc", "--project", ".");
        Assert.That((compiled.Code, compiled.Output), Is.EqualTo((0, "")));

        using var host = await HostProcess.StartAsync(Storage.NewAccount());
        var called = await OpenApiTools.NodeAsync(folder.Path, "out/client.mjs",
            host.Address.AbsoluteUri.TrimEnd('/'), host.ApiKey);

        Assert.That(called.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(Steps),
            called.Errors);
        Assert.That(called.Code, Is.Zero, called.Errors);
    }
}
