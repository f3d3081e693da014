using System.Text;
using System.Text.RegularExpressions;

namespace RemoveBg.SelfHost.Cli.Cut.Find;

/// <summary>Patterns of files, for shells that do not expand them and for patterns in quotes: <c>*</c> and <c>?</c>
/// within a name, <c>**</c> for any folders.</summary>
internal static class Glob
{
    private static readonly char[] Wildcards = ['*', '?'];

    public static bool IsPattern(string text) => text.IndexOfAny(Wildcards) >= 0;

    /// <returns>The files that match, in order, and the folders that could not be searched; none if the pattern's own
    /// folder does not exist.</returns>
    public static FolderSearch Search(string pattern)
    {
        // 1. The folders before the first wildcard.
        var (normal, cut, folder) = Split(pattern);
        if (!Directory.Exists(folder)) return FolderSearch.None;

        // 2. Every file below it that the rest matches.
        var rest = normal[(cut + 1)..];
        var matches = new Regex($"^{Expression(rest)}$", RegexOptions.CultureInvariant
            | (OperatingSystem.IsWindows() ? RegexOptions.IgnoreCase : RegexOptions.None));
        var all = FolderSearch.Run(folder, rest.Contains('/', StringComparison.Ordinal));
        return all.With([.. all.Files
            .Where(file => matches.IsMatch(Path.GetRelativePath(folder, file).Replace('\\', '/')))
            .Select(file => cut < 0 ? Path.GetRelativePath(folder, file) : file).Order(StringComparer.Ordinal)]);
    }

    /// <summary>Returns the folder before the first wildcard.</summary>
    public static string FolderOf(string pattern) => Split(pattern).Folder;

    private static (string Pattern, int Cut, string Folder) Split(string pattern)
    {
        var normal = OperatingSystem.IsWindows() ? pattern.Replace('\\', '/') : pattern;
        var cut = normal.LastIndexOf('/', normal.IndexOfAny(Wildcards));
        return (normal, cut, cut < 0 ? "." : cut == 0 ? "/" : normal[..cut]);
    }

    private static string Expression(string pattern)
    {
        var expression = new StringBuilder();
        for (var at = 0; at < pattern.Length; at++)
            if (pattern.AsSpan(at).StartsWith("**/"))
            {
                expression.Append("(.*/)?");
                at += 2;
            }
            else expression.Append(pattern[at] switch
            {
                '*' => "[^/]*",
                '?' => "[^/]",
                var letter => Regex.Escape($"{letter}"),
            });
        return expression.ToString();
    }
}
