using System.Text.Json;
using System.Text.Json.Serialization;

namespace RemoveBg.Core.Segmentation;

/// <summary>Networks and how to feed them.</summary>
public sealed record ModelManifest(IReadOnlyList<ModelEntry> Models)
{
    /// <summary>Name of the network that <c>./run</c> downloads on its first start.</summary>
    public const string Recommended = "isnet-general-use";

    /// <summary>Name of a user's manifest, in any folder that is searched for networks.</summary>
    public const string UserFile = "user-manifest.json";

    /// <summary>Names that select networks by what is present, so that no network may have them.</summary>
    private static readonly string[] Reserved = ["auto", ModelCatalog.Cascade];

    /// <summary>The embedded manifest.</summary>
    public static ModelManifest Shipped { get; } = Load();

    /// <summary>Networks, best first; those that are only selected by their name come last.</summary>
    public IEnumerable<ModelEntry> ByRank => Models.OrderByDescending(model => model.Rank);

    /// <summary>Networks that <c>auto</c> and <c>cascade</c> choose from, best first.</summary>
    public IEnumerable<ModelEntry> Ranked => ByRank.Where(model => model.Rank > 0);

    public ModelEntry? Find(string name) => Models.FirstOrDefault(model => model.Name == name);

    /// <summary>Returns this manifest with the entries of a user's.</summary>
    /// <exception cref="InvalidDataException">The file is no manifest, or an entry is invalid; the message lists every
    /// problem.</exception>
    internal ModelManifest With(string userFile)
    {
        using var stream = ModelCatalog.OpenFile(userFile);
        var added = Read(stream, userFile);
        var names = Models.Select(model => model.Name).Concat(Reserved).ToHashSet();
        if (added.Models.FirstOrDefault(model => !names.Add(model.Name)) is { } twice)
            throw new InvalidDataException($"{userFile}: the name {twice.Name} is taken; use another one.");
        return new([.. Models, .. added.Models.Select(model =>
            string.IsNullOrWhiteSpace(model.About) ? model with { About = "your own" } : model)]);
    }

    /// <summary>Reads a manifest.</summary>
    /// <param name="stream">JSON.</param>
    /// <param name="source">Name for messages.</param>
    /// <exception cref="InvalidDataException">See <see cref="With"/>.</exception>
    internal static ModelManifest Read(Stream stream, string source)
    {
        ModelManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(stream, ModelManifestJson.Default.ModelManifest);
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{source}: {problem.Message}", problem);
        }
        if (manifest?.Models is not { Count: > 0 } models || models.Any(model => model is null))
            throw new InvalidDataException($"{source}: models must be a list of networks.");
        var problems = models.SelectMany((model, i) => model.Problems(),
            (model, problem) => $"{model.Name ?? "a model"}: {problem}.").ToList();
        return problems.Count == 0 ? manifest
            : throw new InvalidDataException($"{source}: {string.Join(' ', problems)}");
    }

    private static ModelManifest Load()
    {
        using var stream = typeof(ModelManifest).Assembly.GetManifestResourceStream("manifest.json")
            ?? throw new InvalidOperationException("models/manifest.json is not embedded.");
        return Read(stream, "models/manifest.json");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ModelManifestJson : JsonSerializerContext;
