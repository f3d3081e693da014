using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace RemoveBg.Package;

/// <summary>A restored NuGet package.</summary>
internal sealed partial class NuGetPackage
{
    private readonly string _id, _version, _folder, _sha512;
    private readonly ILookup<string, string> _filesByName;

    private NuGetPackage(string id, string version, string folder, string sha512, IEnumerable<string> files)
    {
        (_id, _version, _folder, _sha512) = (id, version, folder, sha512);
        _filesByName = files.ToLookup(Path.GetFileName)!;
    }

    /// <summary>Packages that it depends on.</summary>
    public HashSet<NuGetPackage> Needs { get; } = [];

    /// <param name="assets">Files project.assets.json.</param>
    /// <returns>All their packages, each once, in the order of their names.</returns>
    public static IReadOnlyList<NuGetPackage> Read(IEnumerable<string> assets)
    {
        var all = new SortedDictionary<string, NuGetPackage>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in assets)
        {
            using var read = JsonDocument.Parse(File.ReadAllBytes(file));
            var folders = read.RootElement.GetProperty("packageFolders").EnumerateObject().Select(one => one.Name)
                .ToList();
            var here = new Dictionary<string, NuGetPackage>(StringComparer.OrdinalIgnoreCase);
            foreach (var library in read.RootElement.GetProperty("libraries").EnumerateObject())
            {
                if (library.Value.GetProperty("type").GetString() != "package") continue;
                var (id, version) = Split(library.Name);
                if (!all.TryGetValue(library.Name, out var package))
                    all[library.Name] = package = new(id, version,
                        folders.Select(folder => Path.Combine(folder, library.Value.GetProperty("path").GetString()!))
                            .FirstOrDefault(Directory.Exists)
                            ?? throw new PackageException($"{library.Name} is not restored."),
                        library.Value.GetProperty("sha512").GetString()!,
                        library.Value.GetProperty("files").EnumerateArray().Select(each => each.GetString()!));
                here[id] = package;
            }
            foreach (var library in read.RootElement.GetProperty("targets").EnumerateObject()
                .SelectMany(target => target.Value.EnumerateObject()))
                if (here.TryGetValue(Split(library.Name).Id, out var package)
                    && library.Value.TryGetProperty("dependencies", out var dependencies))
                    package.Needs.UnionWith(dependencies.EnumerateObject()
                        .Select(dependency => here.GetValueOrDefault(dependency.Name)).OfType<NuGetPackage>());
        }
        return [.. all.Values];
    }

    public static (string Id, string Version) Split(string library) =>
        library.Split('/') is [var id, var version] ? (id, version) : (library, "");

    /// <summary>Whether the package has this file: the same name and the same bytes.</summary>
    public bool Contains(string path) => _filesByName[Path.GetFileName(path)]
        .Select(file => new FileInfo(Path.Combine(_folder, file)))
        .Any(file => file.Exists && file.Length == new FileInfo(path).Length
            && File.ReadAllBytes(file.FullName).AsSpan().SequenceEqual(File.ReadAllBytes(path)));

    /// <exception cref="PackageException">Its licence is not known.</exception>
    public Component Describe()
    {
        var nuspec = XDocument.Load(Directory.EnumerateFiles(_folder, "*.nuspec").Single());
        string? Of(string name) => nuspec.Descendants().FirstOrDefault(each => each.Name.LocalName == name)?.Value;
        var texts = Directory.EnumerateFiles(_folder).Where(file => Legal().IsMatch(Path.GetFileName(file)))
            .Order(StringComparer.Ordinal).Select(File.ReadAllText).ToList();
        return new("library", _id, _version, $"pkg:nuget/{_id}@{_version}", LicenceOf(nuspec))
        {
            Hash = ("SHA-512", Convert.ToHexStringLower(Convert.FromBase64String(_sha512))),
            Copyright = Of("copyright"),
            Address = nuspec.Descendants().FirstOrDefault(each => each.Name.LocalName == "repository")
                ?.Attribute("url")?.Value is { Length: > 0 } repository ? repository : Of("projectUrl"),
            Parts = NativeParts.Read(_folder),
            Texts = texts,
        };
    }

    private Licence LicenceOf(XDocument nuspec)
    {
        var stated = nuspec.Descendants().FirstOrDefault(each => each.Name.LocalName == "license");
        var known = stated?.Attribute("type")?.Value switch
        {
            "expression" => stated.Value,
            "file" => OfText(File.ReadAllText(Path.Combine(_folder, stated.Value))),
            // Before 2018 a package had only the address of its licence.
            _ => nuspec.Descendants().FirstOrDefault(each => each.Name.LocalName == "licenseUrl")?.Value switch
            {
                "https://github.com/dotnet/corefx/blob/master/LICENSE.TXT" => "MIT",
                // The address of azure-webjobs-sdk's licence.
                "https://go.microsoft.com/fwlink/?linkid=2028464" => "MIT",
                "https://github.com/Azure/azure-storage-net/blob/master/LICENSE.txt" => "Apache-2.0",
                _ => null,
            },
        };
        return new(known ?? throw new PackageException($"The licence of {_id} {_version} is not known: read it, and if "
            + "it may be shipped, add it in eng/Package/NuGetPackage.cs."));
    }

    private static string? OfText(string text) =>
        text.Contains("Permission is hereby granted, free of charge", StringComparison.Ordinal) ? "MIT"
        : text.Contains("Apache License", StringComparison.Ordinal)
            && text.Contains("Version 2.0", StringComparison.Ordinal) ? "Apache-2.0"
        : null;

    [GeneratedRegex("^(licen[sc]e|copying|notice|third-?party)", RegexOptions.IgnoreCase)]
    private static partial Regex Legal();
}
