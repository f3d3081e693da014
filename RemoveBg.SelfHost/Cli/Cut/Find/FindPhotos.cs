using RemoveBg.SelfHost.Cli.Cut.Engines;

namespace RemoveBg.SelfHost.Cli.Cut.Find;

/// <summary>An argument without photos, or a folder that cannot be searched.</summary>
/// <param name="Name">As the user wrote it, or would write it.</param>
/// <param name="Code">One of <see cref="FailureCodes"/>.</param>
/// <param name="Reason">Says why, and what to do.</param>
/// <param name="IsEmpty">Whether it exists and has no photos yet.</param>
internal sealed record Missing(string Name, string Code, string Reason, bool IsEmpty = false);

/// <summary>Finds the photos that the arguments name: files, folders, patterns, URLs and standard input.</summary>
internal static class FindPhotos
{
    /// <summary>Endings of files that are taken from folders. A file that is named is taken whatever its
    /// ending.</summary>
    private static readonly HashSet<string> Endings = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".heic", ".heif", ".avif", ".tif", ".tiff",
        ".jxl",
    };

    /// <param name="arguments">Words of the command line.</param>
    /// <param name="recursive">Whether to look into folders below a folder.</param>
    /// <param name="except">A folder whose files are results, not photos, if it is below that of the photos; null for
    /// none.</param>
    /// <returns>The photos in order, each once, and what has none, with the reason.</returns>
    public static (List<Photo> Found, List<Missing> Missing) In(
        IEnumerable<string> arguments, bool recursive, string? except = null)
    {
        var (found, missing, seen) = (new List<Photo>(), new List<Missing>(), new HashSet<string>());
        foreach (var argument in arguments)
        {
            var (photos, without) = Of(argument, recursive, except);
            missing.AddRange(without);
            foreach (var photo in photos)
                if (seen.Add(photo.Kind == PhotoKind.File ? Path.GetFullPath(photo.Shown) : photo.Shown))
                    found.Add(photo);
        }
        return (found, missing);
    }

    /// <summary>Whether an argument stands for any number of photos.</summary>
    public static bool IsMany(string argument) => !IsOne(argument) && (Directory.Exists(argument)
        || Glob.IsPattern(argument));

    private static (IReadOnlyList<Photo> Photos, IReadOnlyList<Missing> Missing) Of(string argument, bool recursive,
        string? except)
    {
        if (argument == "-") return ([Photo.StandardInput], []);
        if (IsUrl(argument)) return ([Photo.FromUrl(argument)], []);
        if (File.Exists(argument)) return ([Photo.FromFile(argument)], []);
        if (Directory.Exists(argument))
        {
            var search = FolderSearch.Run(argument, recursive);
            return Many(search, argument, InFolder(search.Files, argument, except), recursive ? "has no photos."
                : "has no photos. --recursive looks into the folders below it, too.");
        }
        if (Glob.IsPattern(argument))
        {
            var search = Glob.Search(argument);
            return Many(search, argument,
                [.. WithoutResults(search.Files, Glob.FolderOf(argument), except)
                    .Select(file => Photo.FromFile(file) with { IsOneOfMany = true })], "matches no file.");
        }
        return ([], [new(argument, FailureCodes.NotFound,
            $"no such file or folder.{CommandSuggestion(argument)}")]);
    }

    private static (IReadOnlyList<Photo> Photos, IReadOnlyList<Missing> Missing) Many(FolderSearch search,
        string argument, List<Photo> photos, string empty) => (photos, photos.Count == 0 && search.Unreadable.Count == 0
            ? [new(argument, FailureCodes.NotFound, empty, IsEmpty: true)]
            : [.. search.Unreadable.Select(folder => new Missing(folder.Path, FailureCodes.Unreadable,
                $"the folder cannot be read: {folder.Reason}."))]);

    private static List<Photo> InFolder(IReadOnlyList<string> files, string folder, string? except) =>
        [.. WithoutResults(files, folder, except).Where(file => Endings.Contains(Path.GetExtension(file)))
            .Order(StringComparer.Ordinal)
            .Select(file => Photo.FromFile(file, Path.GetRelativePath(folder, Path.GetDirectoryName(file)!)
                is var below and not "." ? below : "") with { IsOneOfMany = true })];

    private static bool IsOne(string argument) => argument == "-" || IsUrl(argument) || File.Exists(argument);

    private static bool IsUrl(string argument) =>
        argument.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        || argument.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Leaves out the files in a folder of results, if that is below the folder of the photos.</summary>
    private static IEnumerable<string> WithoutResults(IReadOnlyList<string> files, string folder, string? results)
    {
        if (results is null || RealPath.Of(results) is var real && !IsBelow(real, RealPath.Of(folder))) return files;
        var folders = new Dictionary<string, string>();
        return files.Where(file => !IsBelow(RealPath.Of(file, folders), real));
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith(
        Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>A mistyped command is taken for a photo; its error says so.</summary>
    private static string CommandSuggestion(string argument) =>
        UsageErrors.Suggestion(argument, ["serve", "keys", "networks", "healthcheck", "completion"]);
}
