using System.Text.Json;
using System.Text.Json.Serialization;

namespace RemoveBg.Core.Segmentation;

/// <summary>A network's entry in <c>models/manifest.json</c>.</summary>
/// <param name="Rank">Quality rank, higher is better; <c>auto</c> selects the highest present.</param>
/// <param name="Address">Download URL; null for the shipped network.</param>
/// <param name="Digests">Accepted digests, <c>sha256:…</c> or <c>md5:…</c>. A file with another one is refused.</param>
/// <param name="Input">Name of the input tensor, 1×3×Size×Size; null for the first.</param>
/// <param name="Output">Name of the output tensor, 1×1×Size×Size; null for the first.</param>
/// <param name="Size">Side of the square input, in pixels.</param>
/// <param name="Mean">Mean of R, G, B after division by 255, subtracted from the input.</param>
/// <param name="Std">Standard deviation of R, G, B, by which the input is then divided.</param>
/// <param name="Activation"><c>none</c> if the output is alpha in [0, 1]; <c>sigmoid</c> if it needs a sigmoid.</param>
/// <param name="TestTimeAugmentation">False for a network that runs once: never on the mirror image or on the padded
/// photo, whatever the settings allow. models/MODEL_CARD.md has the figures for ours.</param>
public sealed record ModelEntry(
    string Name, int Rank, string File, string About, string? Address, IReadOnlyList<string> Digests, string Licence,
    string? Input, string? Output, int Size, IReadOnlyList<float> Mean, IReadOnlyList<float> Std, string Activation,
        bool TestTimeAugmentation = true);

public sealed record ModelManifest(IReadOnlyList<ModelEntry> Models)
{
    /// <summary>Name of the network that <c>./run</c> downloads on its first start.</summary>
    public const string Recommended = "isnet-general-use";

    /// <summary>The embedded manifest.</summary>
    public static ModelManifest Shipped { get; } = Load();

    /// <summary>Networks, best first.</summary>
    public IEnumerable<ModelEntry> ByRank => Models.OrderByDescending(model => model.Rank);

    public ModelEntry? Find(string name) => Models.FirstOrDefault(model => model.Name == name);

    private static ModelManifest Load()
    {
        using var stream = typeof(ModelManifest).Assembly.GetManifestResourceStream("manifest.json")
            ?? throw new InvalidOperationException("models/manifest.json is not embedded.");
        var manifest = JsonSerializer.Deserialize(stream, ModelManifestJson.Default.ModelManifest)
            ?? throw new InvalidOperationException("models/manifest.json is empty.");
        foreach (var model in manifest.Models)
            if (model.Activation is not ("none" or "sigmoid") || model.Mean.Count != 3 || model.Std.Count != 3
                || model.Size < 16)
                throw new InvalidOperationException($"models/manifest.json: {model.Name} must have activation none or "
                    + "sigmoid, three means, three stds and a size of at least 16.");
        return manifest;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ModelManifestJson : JsonSerializerContext;
