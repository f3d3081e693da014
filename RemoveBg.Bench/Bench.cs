using System.Text.Json;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Bench;

/// <summary>What both benches need.</summary>
internal static class Bench
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Root { get; } = Environment.GetEnvironmentVariable("REMOVEBG_ROOT")
        ?? Directory.GetCurrentDirectory();

    public static string Shared { get; } = Environment.GetEnvironmentVariable("REMOVEBG_SHARED")
        ?? Path.GetFullPath(Path.Combine(Root, "..", "shared"));

    public static Segmenter Load(string name)
    {
        var folders = string.Join(Path.PathSeparator, Environment.GetEnvironmentVariable("REMOVEBG_MODELS") ?? "",
            Path.Combine(Root, "models"), Path.Combine(Shared, "models"));
        // A file is fed as the network whose name it has.
        var options = name.EndsWith(".onnx", StringComparison.Ordinal) ? new ModelOptions { Path = name }
            : new ModelOptions { Name = name, Folders = folders };
        return Segmenter.Open(new ModelCatalog(Options.Create(options)).Resolve(), options);
    }

    public static void Write(string? file, object figures)
    {
        if (file is not null) File.WriteAllText(file, JsonSerializer.Serialize(figures, Indented));
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2]
            : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
