using System.Security.Cryptography;
using System.Text.Json;

namespace RemoveBg.Package;

/// <summary>Finds the origin of the files of a published folder.</summary>
internal static class Published
{
    public const string SbomFile = "sbom.cdx.json", NoticesFile = "THIRD-PARTY-NOTICES.txt";

    /// <returns>A component for each package, project and model that has files in the folder.</returns>
    /// <exception cref="PackageException">A program file or model of unknown origin, or a package of unknown
    /// licence.</exception>
    public static List<Component> Components(Options options)
    {
        var packages = NuGetPackage.Read(options.Assets);
        var projects = Projects(options.Folder);
        var found = new Dictionary<string, Component>();
        var owners = new Dictionary<NuGetPackage, Component>();
        foreach (var file in Files(options.Folder))
        {
            var path = Path.Combine(options.Folder, file);
            if (Path.GetExtension(file) == ".onnx")
            {
                var model = Model.Read(options, path);
                found.Add(model.Reference, model);
                model.Files.Add(file);
            }
            else if (projects.TryGetValue(file, out var project))
            {
                var component = new Component("library", project.Name, project.Version, file, new("MIT"))
                {
                    Hash = ("SHA-256", Sha256(path)),
                };
                component.Files.Add(file);
                found.Add(file, component);
            }
            else if (packages.FirstOrDefault(package => package.Contains(path)) is { } package)
            {
                if (!owners.TryGetValue(package, out var owner))
                {
                    owners[package] = owner = package.Describe();
                    found.Add(owner.Reference, owner);
                }
                owner.Files.Add(file);
            }
            else if (IsProgram(path))
                throw new PackageException($"{file} is in the package, but of no project and no restored package.");
        }
        foreach (var (package, owner) in owners)
            foreach (var needed in package.Needs)
                if (owners.TryGetValue(needed, out var other)) owner.Needs.Add(other.Reference);
        return [.. found.Values];
    }

    /// <returns>All files, relative, with slashes, without what this program writes.</returns>
    public static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
            .Where(file => file is not SbomFile and not NoticesFile)
            .Order(StringComparer.Ordinal);

    public static string Sha256(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <returns>The projects' assemblies by file, from the files *.deps.json beside them.</returns>
    private static Dictionary<string, (string Name, string Version)> Projects(string folder)
    {
        var projects = new Dictionary<string, (string, string)>();
        foreach (var file in Files(folder).Where(file => file.EndsWith(".deps.json", StringComparison.Ordinal)))
        {
            var below = Path.GetDirectoryName(file) is { Length: > 0 } parent ? parent.Replace('\\', '/') + "/" : "";
            using var read = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, file)));
            var types = read.RootElement.GetProperty("libraries");
            foreach (var library in read.RootElement.GetProperty("targets").EnumerateObject()
                .SelectMany(target => target.Value.EnumerateObject()))
            {
                if (types.GetProperty(library.Name).GetProperty("type").GetString() != "project") continue;
                if (!library.Value.TryGetProperty("runtime", out var assemblies)) continue;
                var (name, version) = NuGetPackage.Split(library.Name);
                foreach (var assembly in assemblies.EnumerateObject())
                    projects[below + Path.GetFileName(assembly.Name)] = (name, version);
            }
        }
        return projects;
    }

    /// <summary>Whether a file is an assembly or a native program or library: PE, ELF or Mach-O by its first
    /// bytes.</summary>
    private static bool IsProgram(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(path);
        if (stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) < 4) return false;
        return magic.StartsWith("MZ"u8) || magic.SequenceEqual("\u007fELF"u8)
            || magic.SequenceEqual((ReadOnlySpan<byte>)[0xcf, 0xfa, 0xed, 0xfe])
            || magic.SequenceEqual((ReadOnlySpan<byte>)[0xca, 0xfe, 0xba, 0xbe]);
    }
}
