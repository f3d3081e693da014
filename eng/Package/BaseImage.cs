using System.Text.RegularExpressions;

namespace RemoveBg.Package;

/// <summary>Parts of the container's base image: .NET, and the packages of its distribution.</summary>
internal static partial class BaseImage
{
    /// <param name="root">Root folder of the image.</param>
    /// <param name="dockerfile">Names the image, in the stage <c>base</c>.</param>
    /// <exception cref="PackageException">The folder is no such image.</exception>
    public static IEnumerable<Component> Components(string root, string dockerfile)
    {
        var image = Stage().Match(File.ReadAllText(dockerfile)) is { Success: true } stage ? stage.Groups["image"].Value
            : throw new PackageException("The Dockerfile has no stage 'base'.");
        var system = Fields(Read(root, "etc/os-release") ?? Read(root, "usr/lib/os-release")
            ?? throw new PackageException($"{root} has no os-release: it is not the root of an image."), '=');
        var distribution = $"{system["ID"]}-{system["VERSION_ID"]}";

        var whole = new Component("container", image.Split(':')[0], image.Split(':', 2)[^1], $"image:{image}",
            new("See the licences of its parts", IsSpdx: false));
        var parts = Frameworks(root).Concat(Debian(root, system["ID"], distribution)).ToList();
        whole.Needs.UnionWith(parts.Select(part => part.Reference));
        return [whole, .. parts];
    }

    private static IEnumerable<Component> Frameworks(string root)
    {
        var shared = Path.Combine(root, "usr/share/dotnet/shared");
        if (!Directory.Exists(shared)) return [];
        return Directory.EnumerateDirectories(shared).SelectMany(Directory.EnumerateDirectories).Select(folder =>
        {
            var (name, version) = (Path.GetFileName(Path.GetDirectoryName(folder))!, Path.GetFileName(folder));
            return new Component("framework", name, version, $"pkg:generic/{name}@{version}", new("MIT"));
        });
    }

    /// <summary>Reads dpkg's list of installed packages (dpkg(1), dpkg-query(1)).</summary>
    private static IEnumerable<Component> Debian(string root, string vendor, string distribution)
    {
        var status = Read(root, "var/lib/dpkg/status")
            ?? throw new PackageException($"{root} has no list of installed packages (var/lib/dpkg/status).");
        foreach (var paragraph in status.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var package = Fields(paragraph, ':');
            if (package.GetValueOrDefault("Status") != "install ok installed") continue;
            var (name, version) = (package["Package"], package["Version"]);
            yield return new("library", name, version,
                $"pkg:deb/{vendor}/{name}@{Uri.EscapeDataString(version)}?arch={package["Architecture"]}"
                    + $"&distro={distribution}", DebianLicence(root, name));
        }
    }

    /// <summary>Reads the licences from a package's copyright file (Debian policy 12.5): by its fields if it is
    /// machine-readable, else by the common licences that it refers to.</summary>
    private static Licence DebianLicence(string root, string package)
    {
        var text = Read(root, $"usr/share/doc/{package}/copyright") ?? "";
        var names = (text.StartsWith("Format:", StringComparison.Ordinal) ? LicenceField() : CommonLicence())
            .Matches(text).Select(match => match.Groups["name"].Value.Trim().TrimEnd('.')).Distinct()
            .Order(StringComparer.Ordinal).ToList();
        return new(names.Count > 0 ? string.Join(", ", names) : $"See /usr/share/doc/{package}/copyright",
            IsSpdx: false);
    }

    private static Dictionary<string, string> Fields(string lines, char separator) =>
        lines.Split('\n').Where(line => line.Length > 0 && !char.IsWhiteSpace(line[0]) && line.Contains(separator))
            .Select(line => line.Split(separator, 2)).GroupBy(field => field[0])
            .ToDictionary(field => field.Key, field => field.First()[1].Trim().Trim('"'));

    private static string? Read(string root, string path) =>
        Path.Combine(root, path) is var file && File.Exists(file) ? File.ReadAllText(file) : null;

    [GeneratedRegex(@"^FROM +(?<image>\S+) +AS +base *\r?$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Stage();

    [GeneratedRegex(@"^License: *(?<name>\S.*)$", RegexOptions.Multiline)]
    private static partial Regex LicenceField();

    [GeneratedRegex(@"/usr/share/common-licenses/(?<name>[\w.-]+)")]
    private static partial Regex CommonLicence();
}
