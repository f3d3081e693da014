namespace RemoveBg.SelfHost;

/// <summary>Paths without symbolic links, to tell whether two names mean one file.</summary>
internal static class RealPath
{
    /// <summary>Most links that one path may lead over, as in Linux. In a circle of links the rest stays as it
    /// is.</summary>
    private const int MostLinks = 40;

    /// <summary>Compares paths as the usual file systems of this machine do.</summary>
    public static StringComparer Comparer { get; } = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()
        ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <param name="path">A path; what it names need not exist.</param>
    /// <returns>The full path, with every link in it resolved.</returns>
    public static string Of(string path)
    {
        var links = MostLinks;
        return Of(Path.GetFullPath(path), ref links);
    }

    /// <summary>Resolves many paths; each of their folders once.</summary>
    /// <param name="path">A path of a file; it need not exist.</param>
    /// <param name="folders">Folders so far, empty at first.</param>
    public static string Of(string path, Dictionary<string, string> folders)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        if (!folders.TryGetValue(folder, out var real)) folders[folder] = real = Of(folder);
        var file = Path.Combine(real, Path.GetFileName(full));
        return new FileInfo(file).LinkTarget is null ? file : Of(file);
    }

    public static bool IsSame(string one, string other) => Comparer.Equals(Of(one), Of(other));

    private static string Of(string full, ref int links)
    {
        var root = Path.GetPathRoot(full)!;
        var real = root;
        var names = full[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar],
            StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in names)
        {
            var folder = real;
            real = Path.Combine(folder, name);
            if (links <= 0 || new FileInfo(real).LinkTarget is not { } target) continue;
            links--;
            real = Of(Path.GetFullPath(target, folder), ref links);
        }
        return real;
    }
}
