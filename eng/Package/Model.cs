using System.Text.Json;

namespace RemoveBg.Package;

/// <summary>A model of models/manifest.json, or of the user's manifest next to it.</summary>
internal static class Model
{
    private static readonly string[] Manifests = ["manifest.json", "user-manifest.json"];

    /// <exception cref="PackageException">No manifest, which states the licences, lists the file.</exception>
    public static Component Read(Options options, string path)
    {
        var file = Path.GetFileName(path);
        var entry = Manifests.Select(name => Path.Combine(options.Repository, "models", name)).Where(File.Exists)
            .SelectMany(name => JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(name)).GetProperty("models")
                .EnumerateArray())
            .FirstOrDefault(model => model.GetProperty("file").GetString() == file);
        if (entry.ValueKind is JsonValueKind.Undefined) throw new PackageException(
            $"The model {file} has no entry in models/manifest.json or models/user-manifest.json, which states its "
            + "licence.");

        // Models have no version number: the digest tells one from the next.
        var digest = Published.Sha256(path);
        var name = entry.GetProperty("name").GetString()!;
        return new("machine-learning-model", name, $"sha256-{digest[..12]}", $"models/{file}",
            new(entry.GetProperty("licence").GetString()!))
        {
            Hash = ("SHA-256", digest),
            Address = entry.TryGetProperty("address", out var address) ? address.GetString() : null,
        };
    }
}
