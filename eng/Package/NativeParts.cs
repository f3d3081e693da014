using System.Text.Json;
using System.Text.RegularExpressions;

namespace RemoveBg.Package;

/// <summary>The libraries inside libvips.so and Magick.Native. The package of libvips lists them in versions.json, and
/// their licences in a table of THIRD-PARTY-NOTICES.md; that of Magick.NET has Notice.txt, with a heading and the
/// licence of each.</summary>
internal static partial class NativeParts
{
    /// <returns>Nothing for a package without that list.</returns>
    /// <exception cref="PackageException">A library has no row in the table, or the list cannot be read.</exception>
    public static IReadOnlyList<Component> Read(string folder)
    {
        var list = Path.Combine(folder, "versions.json");
        if (!File.Exists(list)) return OfNotice(Path.Combine(folder, "Notice.txt"));
        var rows = Row().Matches(File.ReadAllText(Path.Combine(folder, "THIRD-PARTY-NOTICES.md")))
            .ToDictionary(row => row.Groups["name"].Value, row => Plain(row.Groups["licence"].Value));
        using var versions = JsonDocument.Parse(File.ReadAllBytes(list));
        return [.. versions.RootElement.EnumerateObject().Select(library =>
        {
            var name = new[] { library.Name, $"lib{library.Name}", library.Name == "uhdr" ? "libultrahdr" : "" }
                .FirstOrDefault(rows.ContainsKey) ?? throw new PackageException(
                    $"{library.Name}, which is inside {Path.GetFileName(Path.GetDirectoryName(folder))}, has no "
                        + "licence in THIRD-PARTY-NOTICES.md.");
            var version = library.Value.GetString()!;
            return new Component("library", name, version, $"pkg:generic/{name}@{version}", rows[name]);
        }).OrderBy(part => part.Reference, StringComparer.Ordinal)];
    }

    private static IReadOnlyList<Component> OfNotice(string notice) => !File.Exists(notice) ? []
        : [.. Heading().Matches(File.ReadAllText(notice))
            .Select(heading => (Name: heading.Groups["name"].Value, Version: heading.Groups["version"].Value))
            .Select(part => new Component("library", part.Name, part.Version, $"pkg:generic/{part.Name}@{part.Version}",
                new("See its text in THIRD-PARTY-NOTICES.txt", IsSpdx: false)))
            .DistinctBy(part => part.Reference).OrderBy(part => part.Reference, StringComparer.Ordinal)];

    /// <summary>The table names licences in words, some as links.</summary>
    private static Licence Plain(string cell)
    {
        var words = Link().Replace(cell, "${text}").Trim();
        return words switch
        {
            "MIT License" => new("MIT"),
            "BSD 2-Clause" => new("BSD-2-Clause"),
            "BSD 3-Clause" or "New BSD License" => new("BSD-3-Clause"),
            "LGPLv3" => new("LGPL-3.0-or-later"),
            "Mozilla Public License 1.1" => new("MPL-1.1"),
            "zlib License" => new("Zlib"),
            _ => new(words, IsSpdx: false),
        };
    }

    [GeneratedRegex(@"^\| (?<name>[\w-]+) +\| (?<licence>[^|]+)\|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\[ ?(?<name>[\w.-]+) (?<version>\d[^ ]*) \(", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();
}
