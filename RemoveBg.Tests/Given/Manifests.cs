using System.Text.Json;

namespace RemoveBg.Tests.Given;

/// <summary>Kubernetes objects, read and checked by eng/kubernetes.</summary>
internal static class Manifests
{
    public static string Folder { get; } = Path.Combine(Repo.Root, "infra", "kubernetes");

    private static readonly string Check = Path.Combine(Repo.Root, "eng", "kubernetes");

    /// <returns>The objects, each with the property <c>file</c>, and what is wrong with them.</returns>
    public static async Task<(IReadOnlyList<JsonElement> Objects, IReadOnlyList<string> Problems)> ReadAsync(
        params IEnumerable<string> files)
    {
        Assert.That(Path.Combine(Check, "node_modules"), Does.Exist, "the types are installed by ./test");
        var (code, output, errors) = await OpenApiTools.NodeAsync(Check, ["check.mjs", .. files]);
        Assert.That((code, errors), Is.EqualTo((0, "")));
        using var read = JsonDocument.Parse(output);
        return ([.. read.RootElement.GetProperty("documents").EnumerateArray().Select(it => it.Clone())],
            [.. read.RootElement.GetProperty("problems").EnumerateArray().Select(it => it.GetString()!)]);
    }

    public static string Name(this JsonElement found) => found.GetProperty("metadata").Text("name")!;

    /// <summary>A property far inside; names are separated by dots.</summary>
    public static JsonElement At(this JsonElement found, string path) =>
        path.Split('.').Aggregate(found, (inner, name) => inner.GetProperty(name));

    /// <summary>Labels as a set of pairs.</summary>
    public static HashSet<(string, string)> Pairs(this JsonElement labels) =>
        [.. labels.EnumerateObject().Select(label => (label.Name, label.Value.GetString()!))];
}
