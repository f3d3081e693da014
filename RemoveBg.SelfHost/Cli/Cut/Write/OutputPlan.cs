using RemoveBg.Core.Artworks;
using RemoveBg.SelfHost.Cli.Cut.Find;

namespace RemoveBg.SelfHost.Cli.Cut.Write;

/// <summary>Places and format of the results.</summary>
/// <param name="Format">Format of all results.</param>
/// <param name="Ending">Its ending, without the dot.</param>
internal sealed record OutputPlan(OutputFormat Format, string Ending)
{
    private const string DefaultPattern = "{name}-cutout.{ext}", FolderPattern = "{dir}/{name}.{ext}";

    /// <summary>Pattern of the results' paths; null for standard output.</summary>
    public string? Pattern { get; private init; }

    /// <summary>The folder that gets all results; null if there is none.</summary>
    public string? Folder { get; private init; }

    public bool IsStandardOutput => Pattern is null;

    /// <summary>Makes the plan.</summary>
    /// <param name="output">Value of <c>--output</c>; null without it.</param>
    /// <param name="format">Value of <c>--format</c>; <see cref="OutputFormat.Auto"/> without it.</param>
    /// <param name="photos">Names that were given.</param>
    /// <param name="found">Number of photos that they stand for.</param>
    /// <exception cref="UserException">Names, output and format do not go together.</exception>
    public static OutputPlan For(string? output, OutputFormat format, IReadOnlyList<string> photos, int found)
    {
        var (isMany, chosen) = (found > 1 || photos.Any(FindPhotos.IsMany), Chosen(format));
        if (output == "-" || output is null && photos is ["-"])
            return !isMany ? chosen : throw UserException.Usage(
                "--output -: standard output takes one result. Give a folder for several photos.");
        if (output is null)
        {
            if (photos.FirstOrDefault(Directory.Exists) is { } folder) throw UserException.Usage(
                $"{folder} is a folder: say with --output FOLDER where the results go.");
            return chosen with { Pattern = DefaultPattern };
        }
        if (output.Contains('{', StringComparison.Ordinal))
            return ForPattern(output, format) with { Pattern = NameParts.Checked(output, isMany) };
        if (IsFolder(output, isMany))
            return chosen with { Pattern = $"{output.TrimEnd('/', '\\')}/{FolderPattern}", Folder = output };
        if (isMany) throw UserException.Usage($"--output {output} is one file, but there are several photos. "
            + "Give a folder, like --output cutouts/, or a pattern, like '{name}.png'.");
        return ForFile(output, format) with { Pattern = NameParts.Escape(output) };
    }

    /// <summary>Returns the path of a photo's result.</summary>
    public string PathFor(Photo photo) => NameParts.Fill(Pattern!, photo, Ending);

    private static OutputPlan Chosen(OutputFormat format)
    {
        var written = format == OutputFormat.Auto ? OutputFormat.Webp : format;
        return new(written, written.Word());
    }

    private static bool IsFolder(string output, bool isMany) => Directory.Exists(output) || output.EndsWith('/')
        || output.EndsWith(Path.DirectorySeparatorChar)
        || isMany && Path.GetExtension(output).Length == 0 && !File.Exists(output);

    private static OutputPlan ForPattern(string pattern, OutputFormat format) =>
        pattern.EndsWith("{ext}", StringComparison.Ordinal) ? Chosen(format) : ForFile(pattern, format);

    private static OutputPlan ForFile(string output, OutputFormat format)
    {
        var ending = Path.GetExtension(output).TrimStart('.').ToLowerInvariant();
        var known = Endings.FirstOrDefault(word => word == ending);
        if (format != OutputFormat.Auto)
            return ending == "" || ending == format.Word() ? Chosen(format) : throw UserException.Usage(
                $"--output {output} does not end in .{format.Word()}, as --format {format.Word()} asks for: "
                + "leave out --format, or change the name.");
        if (known is not null && OutputFormats.TryParse(known, out var named)) return new(named, known);
        var names = string.Join(" or ", Endings.Select(word =>
            ending == "" ? $"{output}.{word}" : Path.ChangeExtension(output, word)));
        throw UserException.Usage(ending == ""
            ? $"--output {output} has no ending that names a format. Write {names}, or {output}/ for a folder."
            : $"--output {output}: a result cannot be a .{ending} file. Write {names}.");
    }

    private static IEnumerable<string> Endings => OutputFormats.Words.Where(word => word != OutputFormat.Auto.Word());
}
