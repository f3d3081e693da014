namespace RemoveBg.SelfHost.Cli.Cut.Find;

/// <summary>The files in a folder, and below it.</summary>
/// <remarks>A linked folder is entered once, and never one that contains the link: links in a circle would go on for
/// ever, and each photo would be found many times.</remarks>
internal sealed class FolderSearch
{
    private const int DeepestFolder = 32;

    /// <summary>Hidden files are left out. Folders that cannot be read are reported.</summary>
    private static readonly EnumerationOptions s_options = new()
    {
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false,
    };

    private readonly List<(string Path, string Reason)> _unreadable = [];
    private readonly HashSet<string> _entered = new(RealPath.Comparer);
    private readonly bool _recursive;
    private List<string> _files = [];

    private FolderSearch(bool recursive) => _recursive = recursive;

    /// <summary>Found in a folder that does not exist.</summary>
    public static FolderSearch None { get; } = new(recursive: false);

    /// <summary>Paths that begin with the given folder.</summary>
    public IReadOnlyList<string> Files => _files;

    public IReadOnlyList<(string Path, string Reason)> Unreadable => _unreadable;

    public static FolderSearch Run(string folder, bool recursive)
    {
        var search = new FolderSearch(recursive);
        search.Enter(folder, RealPath.Of(folder), 0);
        return search;
    }

    /// <summary>Keeps only these of the files.</summary>
    public FolderSearch With(List<string> files)
    {
        _files = files;
        return this;
    }

    private void Enter(string folder, string real, int depth)
    {
        string[] below;
        try
        {
            _files.AddRange(Directory.GetFiles(folder, "*", s_options));
            below = _recursive && depth < DeepestFolder ? Directory.GetDirectories(folder, "*", s_options) : [];
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            _unreadable.Add((folder, FileProblem.Reason(problem, "")));
            return;
        }
        foreach (var child in below.Order(StringComparer.Ordinal))
        {
            var isLink = new FileInfo(child).LinkTarget is not null;
            var childReal = isLink ? RealPath.Of(child) : Path.Combine(real, Path.GetFileName(child));
            if (!isLink || !Contains(childReal, real) && _entered.Add(childReal)) Enter(child, childReal, depth + 1);
        }
    }

    private static bool Contains(string folder, string other) => RealPath.Comparer.Equals(folder, other)
        || other.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar,
            StringComparison.Ordinal);
}
