namespace RemoveBg.Bench.Quality;

/// <summary>Files of a photo and its true mask.</summary>
/// <param name="Foreground">Image of the subject's true colours; null if unknown.</param>
internal sealed record EvalPair(string Name, string Photo, string Mask, string? Foreground);

/// <summary>A folder of photos and true masks: images/ and masks/ with the same names or, like our own renders,
/// NAME.jpg next to NAME.alpha.png and NAME.fg.png.</summary>
internal sealed record EvalSet(string Name, IReadOnlyList<EvalPair> Pairs)
{
    /// <exception cref="InvalidDataException">The folder has neither layout.</exception>
    public static EvalSet Open(string folder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        var masks = Path.Combine(folder, "masks");
        List<EvalPair> pairs = Directory.Exists(masks)
            ? [.. Directory.GetFiles(masks).Select(
                mask => new EvalPair(Stem(mask), Only(Path.Combine(folder, "images"), Stem(mask) + ".*"), mask, null))]
            : [.. Directory.GetFiles(folder, "*.alpha.png")
                .Select(mask => Path.GetFileName(mask)[..^".alpha.png".Length]).Select(stem => new EvalPair(
                stem, Only(folder, stem + ".jpg"), Path.Combine(folder, stem + ".alpha.png"),
                    Existing(Path.Combine(folder, stem + ".fg.png"))))];
        if (pairs.Count == 0) throw new InvalidDataException($"{folder} has no pairs: it must have images/ and masks/ "
            + "with files of the same names, or NAME.jpg with NAME.alpha.png.");
        return new(name, [.. pairs.OrderBy(pair => pair.Name, StringComparer.Ordinal)]);
    }

    private static string Stem(string file) => Path.GetFileNameWithoutExtension(file);

    private static string? Existing(string file) => File.Exists(file) ? file : null;

    private static string Only(string folder, string pattern) =>
        Directory.Exists(folder) && Directory.GetFiles(folder, pattern) is [var file, ..]
        ? file : throw new InvalidDataException($"{folder} has a mask but no {pattern}.");
}
