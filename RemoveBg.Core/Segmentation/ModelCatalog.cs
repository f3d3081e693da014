using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Segmentation;

/// <summary>A network file and how to feed it.</summary>
/// <param name="Larger">In a cascade, the network to ask where this one is unsure.</param>
public sealed record FoundModel(ModelEntry Entry, string Path, FoundModel? Larger = null);

/// <summary>Finds network files: the given path, the folders, the cache. Never downloads: on Azure the package carries
/// the network, and locally <c>./run</c> fetches it before it starts.</summary>
public sealed class ModelCatalog
{
    /// <summary>The name that stands for two networks, of which the larger is asked only where the smaller is unsure.
    /// With one network present it is that one.</summary>
    public const string Cascade = "cascade";

    private readonly ModelOptions _options;
    private readonly Lazy<IReadOnlyList<string>> _offered;

    public ModelCatalog(IOptions<ModelOptions> options)
        : this(options, ModelManifest.Shipped)
    {
    }

    internal ModelCatalog(IOptions<ModelOptions> options, ModelManifest manifest)
    {
        (_options, Manifest) = (options.Value, manifest);
        _offered = new(FindOffered);
    }

    public ModelManifest Manifest { get; }

    public string CacheFolder => _options.Cache ?? Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } data
            ? data : Path.GetTempPath(), "removebg", "models");

    /// <summary>In the order of search.</summary>
    public IReadOnlyList<string> Folders =>
    [
        .. (_options.Folders ?? Path.Combine(AppContext.BaseDirectory, "models"))
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        CacheFolder,
    ];

    /// <summary>What a request may name: the networks that are here, of those that the operator offers. By their files'
    /// names; digests are checked when they are loaded.</summary>
    public IReadOnlyList<string> Offered => _offered.Value;

    /// <summary>Bytes of the files of all networks that a request may name, but for one.</summary>
    public long BytesOfOthers(ModelEntry but) =>
        Manifest.Models.Where(entry => entry != but && Offered.Contains(entry.Name)).Select(PathOf).OfType<string>()
            .Sum(path => new FileInfo(path).Length);

    /// <exception cref="FileNotFoundException">Nothing fits; the message lists what was tried.</exception>
    /// <exception cref="InvalidDataException">A file is there, but its digest is not in the manifest.</exception>
    public FoundModel Resolve() => _options.Path is { Length: > 0 } path ? ResolvePath(path) : Resolve(_options.Name);

    /// <inheritdoc cref="Resolve()"/>
    public FoundModel Resolve(string name)
    {
        if (name == Cascade)
        {
            var present = Manifest.ByRank.Select(Find).OfType<FoundModel>().ToList();
            if (present.Count > 1) return present[^1] with { Larger = present[0] };
        }
        else if (name != "auto")
        {
            var entry = Manifest.Find(name) ?? throw Unknown(name);
            return Find(entry) ?? throw new FileNotFoundException(
                $"The network '{entry.Name}' is not here. "
                    + $"Tried: {string.Join(", ", Folders.Select(folder => Path.Combine(folder, entry.File)))}. "
                + (entry.Address is null ? "" : $"It can be had from {entry.Address} ({entry.Licence})."));
        }
        return Best() ?? throw new FileNotFoundException(
            $"No network is here. Tried {string.Join(", "
                + "", Manifest.ByRank.Select(model => model.File))} in {string.Join(", ", Folders)}.");
    }

    /// <summary>The highest rank present, or null.</summary>
    public FoundModel? Best() => Manifest.ByRank.Select(Find).FirstOrDefault(found => found is not null);

    /// <summary>The file of one network, its digest checked; null when it is in none of the folders.</summary>
    public FoundModel? Find(ModelEntry entry)
    {
        if (PathOf(entry) is not { } path) return null;
        return HasDigest(path, entry) ? new(entry, path) : throw new InvalidDataException(
            $"{path} is not the network '{entry.Name}': its digest is not in the manifest. Delete it, or name it by "
                + $"RemoveBg:Model:Path to use it all the same.");
    }

    public static bool HasDigest(string path, ModelEntry entry)
    {
        foreach (var algorithm
            in entry.Digests.Select(digest => digest[..digest.IndexOf(':', StringComparison.Ordinal)]).Distinct())
        {
            using var file = File.OpenRead(path);
#pragma warning disable CA5351 // MD5: the only digest that the publishers of these files have pinned.
            var digest = algorithm == "md5" ? MD5.HashData(file) : SHA256.HashData(file);
#pragma warning restore CA5351
            if (entry.Digests.Contains($"{algorithm}:{Convert.ToHexStringLower(digest)}")) return true;
        }
        return false;
    }

    private string? PathOf(ModelEntry entry) =>
        Folders.Select(folder => Path.Combine(folder, entry.File)).FirstOrDefault(File.Exists);

    private List<string> FindOffered()
    {
        var present = Manifest.ByRank.Where(entry => PathOf(entry) is not null).Select(entry => entry.Name).ToList();
        List<string> all = ["auto", .. present.Count > 1 ? [Cascade] : Array.Empty<string>(), .. present];
        return _options.Offered is not { } offered ? all
            : [.. all.Where(offered.Split(',', StringSplitOptions.TrimEntries).Append("auto").Contains)];
    }

    private FoundModel ResolvePath(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"RemoveBg:Model:Path names {path}, which is not there.");
        var name = _options.Name == "auto" ? Path.GetFileNameWithoutExtension(path) : _options.Name;
        return new(Manifest.Find(name) ?? throw Unknown(name), path);
    }

    private FileNotFoundException Unknown(string name) => new(
        $"The network '{name}' is not in the manifest; accepted are auto, "
            + $"cascade, {string.Join(", ", Manifest.ByRank.Select(model => model.Name))}.");
}
