namespace RemoveBg.Package;

/// <summary>The package to describe (Package.targets).</summary>
/// <param name="Folder">The published folder.</param>
/// <param name="Name">Name of what is published.</param>
/// <param name="Version">Its version.</param>
/// <param name="Repository">Root of the source: LICENSE, the models' manifest, the Dockerfile.</param>
/// <param name="Assets">Files project.assets.json, in which restore lists the packages.</param>
/// <param name="BaseImageRoot">Root folder of the container's base image; null outside a container.</param>
/// <param name="Zip">Zip file to write; null for none.</param>
internal sealed record Options(string Folder, string Name, string Version, string Repository,
    IReadOnlyList<string> Assets, string? BaseImageRoot, string? Zip)
{
    /// <exception cref="PackageException">An option is unknown, missing or without a value.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        var given = new List<(string Name, string Value)>();
        for (var i = 0; i < arguments.Count; i += 2)
            given.Add(i + 1 < arguments.Count ? (arguments[i], arguments[i + 1])
                : throw new PackageException($"{arguments[i]} needs a value."));
        string[] known = ["--folder", "--name", "--version", "--repository", "--assets", "--base-image-root", "--zip"];
        if (given.Find(option => !known.Contains(option.Name)).Name is { } unknown)
            throw new PackageException($"{unknown} is not an option; known: {string.Join(", ", known)}.");

        string? Value(string name) => given.Find(option => option.Name == name).Value;
        string Needed(string name) => Value(name) ?? throw new PackageException($"{name} is missing.");
        return new(Needed("--folder"), Needed("--name"), Needed("--version"), Needed("--repository"),
            [.. given.Where(option => option.Name == "--assets").Select(option => option.Value).Where(File.Exists)],
            Value("--base-image-root"), Value("--zip"));
    }
}
