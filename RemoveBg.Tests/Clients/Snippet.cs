using System.Collections.Concurrent;
using System.Diagnostics;
using RemoveBg.Tests.Docs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Clients;

/// <summary>A program that our documentation or the page shows.</summary>
internal sealed record Snippet(string Source, string Language, string Code)
{
    private static readonly ConcurrentDictionary<string, bool> s_found = new();

    public override string ToString() => $"{Source}: {Language}";

    /// <summary>Reads a document's programs. Its shell blocks are left to <see cref="DocsTests"/>, which runs them
    /// in order.</summary>
    public static IReadOnlyList<Snippet> In(string document) =>
    [
        .. FencedBlock.In(document).Where(block => block.Language is "js" or "python" or "csharp")
            .Select(block => new Snippet($"{document}:{block.Line}", block.Language, block.Code)),
    ];

    /// <summary>Starts it in a folder of its own that has the samples, or skips the test and names what is
    /// missing.</summary>
    public Process Start(string folder, string serviceUrl, IReadOnlyDictionary<string, string> environment)
    {
        var (file, program, arguments) = Language switch
        {
            "bash" => ("program.sh", "bash", new[] { "-e", "program.sh" }),
            "js" => ("program.mjs", "node", ["program.mjs"]),
            "python" => ("program.py", "python3", ["program.py"]),
            "csharp" => ("program.cs", "dotnet", ["run", "program.cs"]),
            _ => throw new InvalidOperationException($"No program runs {Language}."),
        };
        if (Language == "python" && !Has("python3", "-c", Code.Contains("import requests", StringComparison.Ordinal)
            ? "import requests" : "pass")) Assert.Ignore("needs python3 with requests (Debian: python3-requests)");
        if (Language == "js" && !Has("node", "--version")) Assert.Ignore("needs Node 20 or later");
        if (Language == "bash" && !Has("curl", "--version")) Assert.Ignore("needs curl");
        File.WriteAllText(Path.Combine(folder, file),
            Code.Replace("http://127.0.0.1:7071", serviceUrl, StringComparison.Ordinal)
                .Replace("#:project ", $"#:project {Repo.Root}/", StringComparison.Ordinal));
        InstallClients(folder);
        if (!Directory.Exists(Path.Combine(folder, "samples")))
            Directory.CreateSymbolicLink(Path.Combine(folder, "samples"), Path.Combine(Repo.Root, "samples"));
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true,
            RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        start.Environment["PYTHONPATH"] = Path.Combine(Repo.Root, "clients", "python", "src");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>Puts our client for JavaScript where npm would link it. Python's is found by PYTHONPATH.</summary>
    private static void InstallClients(string folder)
    {
        var modules = Path.Combine(folder, "node_modules");
        if (Directory.Exists(modules)) return;
        Directory.CreateDirectory(modules);
        Directory.CreateSymbolicLink(Path.Combine(modules, "removebg-client"),
            Path.Combine(Repo.Root, "clients", "javascript"));
    }

    /// <summary>Whether a program is installed, by running it.</summary>
    public static bool Has(string program, params string[] arguments) =>
        s_found.GetOrAdd(string.Join(' ', [program, .. arguments]), _ => Runs(program, arguments));

    private static bool Runs(string program, string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true,
                RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
