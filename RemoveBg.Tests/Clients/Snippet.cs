using System.Diagnostics;
using System.Text.RegularExpressions;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Clients;

/// <summary>A program in our documentation, and how to run it.</summary>
internal sealed partial record Snippet(string Source, string Language, string Code)
{
    public override string ToString() => $"{Source}: {Language}";

    /// <summary>The blocks of a document that are programs for this service.</summary>
    public static IReadOnlyList<Snippet> In(string document) =>
    [
        .. Block().Matches(File.ReadAllText(Path.Combine(Repo.Root, document)))
            .Select(match => new Snippet(document, match.Groups["language"].Value, match.Groups["code"].Value))
            .Where(snippet => snippet.Code.Contains("REMOVEBG_", StringComparison.Ordinal)),
    ];

    /// <summary>Starts it in a folder of its own, where the samples are, or skips the test
    /// and says what is missing.</summary>
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
        if (Language == "bash" && !Has("curl", "--version")) Assert.Ignore("needs curl");
        File.WriteAllText(Path.Combine(folder, file),
            Code.Replace("http://127.0.0.1:7071", serviceUrl, StringComparison.Ordinal));
        if (!Directory.Exists(Path.Combine(folder, "samples")))
            Directory.CreateSymbolicLink(Path.Combine(folder, "samples"), Path.Combine(Repo.Root, "samples"));
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true,
            RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static bool Has(string program, params string[] arguments)
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

    [GeneratedRegex("^```(?<language>bash|js|python|csharp)\n(?<code>.*?)^```",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
