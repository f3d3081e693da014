using System.Diagnostics;
using System.Text.Json;

namespace RemoveBg.Tests.Given;

/// <summary>The linters and the client generator of openapi.json, in the versions that eng/openapi pins.</summary>
internal static class OpenApiTools
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Folder with their packages and rules.</summary>
    public static string Folder { get; } = Path.Combine(Repo.Root, "eng", "openapi");

    /// <summary>Folder of their packages.</summary>
    public static string Packages { get; } = Path.Combine(Folder, "node_modules");

    /// <summary>Lints with the rules that Spectral and Redocly recommend, both at once.</summary>
    /// <param name="document">Path of an OpenAPI document.</param>
    /// <returns>Each finding of any severity: linter, severity, rule, place and message.</returns>
    public static async Task<IReadOnlyList<string>> LintAsync(string document)
    {
        var found = await Task.WhenAll(SpectralAsync(document), RedoclyAsync(document));
        return [.. found.SelectMany(findings => findings)];
    }

    /// <summary>Runs a package's program in a folder.</summary>
    /// <param name="folder">Working directory.</param>
    /// <param name="arguments">Path of the program below <see cref="Packages"/>, and its arguments.</param>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(string folder,
        params string[] arguments)
    {
        Assert.That(Packages, Does.Exist, "the tools of eng/openapi are installed by ./test");
        return await NodeAsync(folder, [Path.Combine(Packages, arguments[0]), .. arguments[1..]]);
    }

    /// <summary>Runs Node in a folder, without the telemetry and the look for updates of these tools.</summary>
    public static async Task<(int Code, string Output, string Errors)> NodeAsync(string folder,
        params string[] arguments)
    {
        var start = new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["REDOCLY_TELEMETRY"] = "off";
        start.Environment["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true";
        using var node = Process.Start(start)!;
        try
        {
            var (output, errors) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
            await node.WaitForExitAsync().WaitAsync(Limit);
            return (node.ExitCode, await output, await errors);
        }
        finally
        {
            if (!node.HasExited) node.Kill(entireProcessTree: true);
        }
    }

    private static async Task<IEnumerable<string>> SpectralAsync(string document)
    {
        using var report = await ReportAsync("Spectral", "@stoplight/spectral-cli/dist/index.js", "lint", "--ruleset",
            Path.Combine(Folder, "spectral.json"), "--format", "json", "--quiet", document);
        string[] severities = ["error", "warning", "info", "hint"];
        return
        [
            .. from finding in report.RootElement.EnumerateArray()
               select $"Spectral: {severities[finding.GetProperty("severity").GetInt32()]} {finding.Text("code")} at "
                   + $"{string.Join('.', finding.GetProperty("path").EnumerateArray())}: {finding.Text("message")}",
        ];
    }

    private static async Task<IEnumerable<string>> RedoclyAsync(string document)
    {
        using var report = await ReportAsync("Redocly", "@redocly/cli/bin/cli.js", "lint", "--config",
            Path.Combine(Folder, "redocly.yaml"), "--format", "json", "--max-problems", "1000", document);
        var ignored = report.RootElement.GetProperty("totals").GetProperty("ignored").GetInt32();
        Assert.That(ignored, Is.Zero, "findings that a file of exceptions hides");
        return
        [
            .. from finding in report.RootElement.GetProperty("problems").EnumerateArray()
               select $"Redocly: {finding.Text("severity")} {finding.Text("ruleId")} at "
                   + $"{finding.GetProperty("location")[0].Text("pointer")}: {finding.Text("message")}",
        ];
    }

    /// <summary>Runs a linter, shows what it prints in the test's output, and reads it.</summary>
    private static async Task<JsonDocument> ReportAsync(string name, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(Folder, arguments);
        await TestContext.Out.WriteLineAsync($"{name} exits with {code}:\n{output}");
        // 1: there are findings. Anything else is a linter that did not run.
        Assert.That(code, Is.Zero.Or.EqualTo(1), errors);
        return JsonDocument.Parse(output);
    }
}
