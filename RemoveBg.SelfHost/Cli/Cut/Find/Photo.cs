namespace RemoveBg.SelfHost.Cli.Cut.Find;

/// <summary>A photo to cut out.</summary>
/// <param name="Shown">Path or URL, as the user wrote it or would write it.</param>
/// <param name="Kind">Source of its bytes.</param>
/// <param name="Name">Its name without ending.</param>
/// <param name="Folder">The folder that it is in.</param>
/// <param name="Below">The folders between the one that was given and the photo; empty for a photo that was given by
/// itself.</param>
internal sealed record Photo(string Shown, PhotoKind Kind, string Name, string Folder, string Below)
{
    /// <summary>Whether it was found in a folder, or by a pattern.</summary>
    public bool IsOneOfMany { get; init; }

    public static Photo StandardInput { get; } = new("-", PhotoKind.StandardInput, "stdin", ".", "");

    /// <param name="path">A file.</param>
    /// <param name="below">See <see cref="Below"/>.</param>
    public static Photo FromFile(string path, string below = "") => new(path, PhotoKind.File,
        Path.GetFileNameWithoutExtension(path), Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".",
        below);

    /// <param name="url">An http or https URL.</param>
    public static Photo FromUrl(string url)
    {
        var path = url.Split('?', '#')[0].TrimEnd('/');
        var last = Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
        // What a URL calls a file must not lead to another folder.
        var safe = string.Concat(last.Select(letter =>
            char.IsControl(letter) || letter is '/' or '\\' or ':' or '{' or '}' ? '_' : letter)).TrimStart('.');
        var name = Path.GetFileNameWithoutExtension(safe);
        return new(url, PhotoKind.Url, name.Length > 0 ? name : "photo", ".", "");
    }
}

internal enum PhotoKind
{
    File,
    Url,
    StandardInput,
}
