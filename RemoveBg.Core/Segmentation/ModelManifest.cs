using System.Text.Json;
using System.Text.Json.Serialization;

namespace RemoveBg.Core.Segmentation;

/// <summary>A network as <c>models/manifest.json</c> describes it.</summary>
/// <param name="Rank">The higher, the better the cut-outs; <c>auto</c> takes the highest present.</param>
/// <param name="Address">Where it can be downloaded; null for the one that is shipped.</param>
/// <param name="Digests">Accepted digests, <c>sha256:…</c> or <c>md5:…</c>. A file with another one is refused.</param>
/// <param name="Input">Name of the input tensor, 1×3×Size×Size; null takes the first.</param>
/// <param name="Output">Name of the output tensor, 1×1×Size×Size; null takes the first.</param>
/// <param name="Size">Side of the square input in pixels.</param>
/// <param name="Mean">Subtracted from R, G, B after they were divided by 255.</param>
/// <param name="Std">Divides what is left.</param>
/// <param name="Activation"><c>none</c>: the output is alpha in [0, 1]; <c>sigmoid</c>: it still needs that.</param>
/// <param name="LooksBothWays">It looks at the mirror image by itself: a second look would show it nothing new.</param>
public sealed record ModelEntry(
    string Name, int Rank, string File, string About, string? Address, IReadOnlyList<string> Digests, string Licence,
    string? Input, string? Output, int Size, IReadOnlyList<float> Mean, IReadOnlyList<float> Std, string Activation,
        bool LooksBothWays = false);

public sealed record ModelManifest(IReadOnlyList<ModelEntry> Models)
{
    /// <summary>The network that the first start fetches when the internet answers.</summary>
    public const string Recommended = "isnet-general-use";

    /// <summary>The manifest that is compiled in.</summary>
    public static ModelManifest Shipped { get; } = Load();

    /// <summary>Best first.</summary>
    public IEnumerable<ModelEntry> ByRank => Models.OrderByDescending(model => model.Rank);

    public ModelEntry? Find(string name) => Models.FirstOrDefault(model => model.Name == name);

    private static ModelManifest Load()
    {
        using var stream = typeof(ModelManifest).Assembly.GetManifestResourceStream("manifest.json")
            ?? throw new InvalidOperationException("models/manifest.json is not compiled in.");
        var manifest = JsonSerializer.Deserialize(stream, ModelManifestJson.Default.ModelManifest)
            ?? throw new InvalidOperationException("models/manifest.json is empty.");
        foreach (var model in manifest.Models)
            if (model.Activation is not ("none" or "sigmoid") || model.Mean.Count != 3 || model.Std.Count != 3
                || model.Size < 16)
                throw new InvalidOperationException($"models/manifest.json: {model.Name} needs activation none or "
                    + $"sigmoid, three means, three stds and a size of at least 16.");
        return manifest;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ModelManifestJson : JsonSerializerContext;
