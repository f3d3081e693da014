using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Segmentation;

/// <summary>A network file and its manifest entry, which says how to feed it.</summary>
/// <param name="Larger">Larger network of a cascade, run if this one is uncertain; else null.</param>
public sealed record FoundModel(ModelEntry Entry, string Path, FoundModel? Larger = null);

/// <summary>Finds network files in the configured path, the folders and the cache.</summary>
/// <remarks>Never downloads: on Azure the package contains the network, and locally <c>./run</c> fetches it before the
/// host starts.</remarks>
public sealed class ModelCatalog
{
    /// <summary>Name that selects two networks: the smallest, and the best, which runs only if the smallest is
    /// uncertain. With one network present, selects that one.</summary>
    public const string Cascade = "cascade";

    private readonly ModelOptions _options;
    private readonly Lazy<ModelManifest> _manifest;
    private readonly Lazy<IReadOnlyList<string>> _offered;

    public ModelCatalog(IOptions<ModelOptions> options)
        : this(options, ModelManifest.Shipped)
    {
    }

    internal ModelCatalog(IOptions<ModelOptions> options, ModelManifest shipped)
    {
        _options = options.Value;
        _manifest = new(() => Folders.Select(folder => Path.Combine(folder, ModelManifest.UserFile))
            .Where(File.Exists).Distinct().Aggregate(shipped, (all, userFile) => all.With(userFile)));
        _offered = new(FindOffered);
    }

    /// <summary>The shipped networks, and those of the users' manifests in <see cref="Folders"/>.</summary>
    /// <exception cref="InvalidDataException">A user's manifest is invalid; the message lists every
    /// problem.</exception>
    public ModelManifest Manifest => _manifest.Value;

    public string CacheFolder => _options.Cache ?? Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } data
            ? data : Path.GetTempPath(), "removebg", "models");

    /// <summary>Folders to search, in order.</summary>
    public IReadOnlyList<string> Folders =>
    [
        .. (_options.Folders ?? Path.Combine(AppContext.BaseDirectory, "models"))
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        CacheFolder,
    ];

    /// <summary>Names that a request may use: networks that are present and that the operator offers.</summary>
    /// <remarks>Decided by file names; digests are checked on loading.</remarks>
    public IReadOnlyList<string> Offered => _offered.Value;

    /// <summary>Returns the total file size of the networks that a request may name, except one, in bytes.</summary>
    public long BytesOfOthers(ModelEntry except) =>
        Manifest.Models.Where(entry => entry != except && Offered.Contains(entry.Name)).Select(PathOf).OfType<string>()
            .Sum(path => new FileInfo(path).Length);

    /// <summary>Finds the configured network.</summary>
    /// <exception cref="FileNotFoundException">No file was found; the message lists where.</exception>
    /// <exception cref="InvalidDataException">A file exists, but its digest is not in the manifest.</exception>
    public FoundModel Resolve() => _options.Path is { Length: > 0 } path ? ResolvePath(path) : Resolve(_options.Name);

    /// <summary>Finds a network by name, <c>auto</c> or <c>cascade</c>.</summary>
    /// <inheritdoc cref="Resolve()"/>
    public FoundModel Resolve(string name)
    {
        if (name == Cascade)
        {
            var present = Manifest.Ranked.Select(Find).OfType<FoundModel>().ToList();
            if (present.Count > 1) return present[^1] with { Larger = present[0] };
        }
        else if (name != "auto")
        {
            var entry = Manifest.Find(name) ?? throw Unknown(name);
            return Find(entry) ?? throw new FileNotFoundException(
                $"Model '{entry.Name}' not found. "
                + $"Tried {string.Join(", ", Folders.Select(folder => Path.Combine(folder, entry.File)))}."
                + (entry.Address is null ? "" : $" Download it from {entry.Address} ({entry.Licence})."));
        }
        return Best() ?? throw new FileNotFoundException(
            $"No model found. Tried {string.Join(", ", Manifest.Ranked.Select(model => model.File))} "
            + $"in {string.Join(", ", Folders)}.");
    }

    /// <summary>Returns the highest-ranked network present, or null. A network of rank 0 is only used by its
    /// name.</summary>
    public FoundModel? Best() => Manifest.Ranked.Select(Find).FirstOrDefault(found => found is not null);

    /// <summary>Finds the file of one network and checks its digest; null if no folder has it.</summary>
    /// <exception cref="InvalidDataException">The file's digest is not in the manifest.</exception>
    public FoundModel? Find(ModelEntry entry)
    {
        if (PathOf(entry) is not { } path) return null;
        return HasDigest(path, entry) ? new(entry, path) : throw new InvalidDataException(
            $"{path} is not model '{entry.Name}': its digest is not in the manifest. Delete the file, or set "
            + "RemoveBg:Model:Path to it to use it anyway.");
    }

    /// <exception cref="InvalidDataException">The file cannot be read.</exception>
    public static bool HasDigest(string path, ModelEntry entry)
    {
        using var file = OpenFile(path);
        return entry.Digests.Contains($"sha256:{Convert.ToHexStringLower(SHA256.HashData(file))}");
    }

    /// <exception cref="InvalidDataException">The file cannot be read.</exception>
    internal static FileStream OpenFile(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception problem) when (problem is UnauthorizedAccessException or IOException)
        {
            throw new InvalidDataException($"{path} cannot be read: {problem.Message}", problem);
        }
    }

    private string? PathOf(ModelEntry entry) =>
        Folders.Select(folder => Path.Combine(folder, entry.File)).FirstOrDefault(File.Exists);

    private List<string> FindOffered()
    {
        var present = Manifest.ByRank.Where(entry => PathOf(entry) is not null).ToList();
        var hasCascade = present.Count(entry => entry.Rank > 0) > 1;
        List<string> all = ["auto", .. hasCascade ? [Cascade] : Array.Empty<string>(),
            .. present.Select(entry => entry.Name)];
        return _options.Offered is not { } offered ? all
            : [.. all.Where(offered.Split(',', StringSplitOptions.TrimEntries).Append("auto").Contains)];
    }

    private FoundModel ResolvePath(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"RemoveBg:Model:Path: file {path} not found.");
        var name = _options.Name == "auto" ? Path.GetFileNameWithoutExtension(path) : _options.Name;
        return new(Manifest.Find(name) ?? throw Unknown(name), path);
    }

    private FileNotFoundException Unknown(string name) => new(
        $"Model '{name}' is not in the manifest. Use auto, cascade, "
        + $"{string.Join(", ", Manifest.ByRank.Select(model => model.Name))}.");
}
