using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.Bench;

/// <summary>Helpers shared by all benchmarks.</summary>
internal static class Bench
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Root { get; } = Environment.GetEnvironmentVariable("REMOVEBG_ROOT")
        ?? Directory.GetCurrentDirectory();

    public static string Shared { get; } = Environment.GetEnvironmentVariable("REMOVEBG_SHARED")
        ?? Path.GetFullPath(Path.Combine(Root, "..", "shared"));

    /// <summary>Loads a network.</summary>
    /// <param name="name">A name from the manifest, <c>auto</c>, <c>cascade</c>, or the path of an ONNX file.</param>
    public static Segmenter Load(string name)
    {
        var folders = string.Join(Path.PathSeparator, Environment.GetEnvironmentVariable("REMOVEBG_MODELS") ?? "",
            Path.Combine(Root, "models"), Path.Combine(Shared, "models"));
        // A file's name selects the manifest entry that says how to feed it.
        var options = name.EndsWith(".onnx", StringComparison.Ordinal) ? new ModelOptions { Path = name }
            : new ModelOptions { Name = name, Folders = folders };
        return Segmenter.Open(new ModelCatalog(Options.Create(options)).Resolve(), options);
    }

    public static void Write(string? file, object figures)
    {
        if (file is not null) File.WriteAllText(file, JsonSerializer.Serialize(figures, Indented));
    }

    /// <summary>Prints a table in Markdown, as docs/ has it.</summary>
    public static void Show(Table table) => AnsiConsole.Write(table.Border(TableBorder.Markdown));

    /// <summary>Runs jobs at the same time, each on a thread of its own.</summary>
    /// <returns>Milliseconds until the last is done.</returns>
    public static double AtOnce(int jobs, Action<int> run)
    {
        var threads = Enumerable.Range(0, jobs).Select(job => new Thread(() => run(job))).ToArray();
        var start = Stopwatch.GetTimestamp();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2]
            : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
