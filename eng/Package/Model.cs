using System.Text.Json;

namespace RemoveBg.Package;

/// <summary>A model of models/manifest.json.</summary>
internal static class Model
{
    /// <exception cref="PackageException">The manifest, which states the licences, does not list the file.</exception>
    public static Component Read(Options options, string path)
    {
        var file = Path.GetFileName(path);
        using var manifest = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(options.Repository, "models", "manifest.json")));
        var entry = manifest.RootElement.GetProperty("models").EnumerateArray()
            .FirstOrDefault(model => model.GetProperty("file").GetString() == file);
        if (entry.ValueKind is JsonValueKind.Undefined) throw new PackageException(
            $"The model {file} has no entry in models/manifest.json, which states its licence.");

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
