namespace RemoveBg.Core.Artworks;

/// <summary>File formats of results, as callers name them. <see cref="Auto"/> writes WebP.</summary>
public enum OutputFormat
{
    Auto,

    /// <summary>Lossless.</summary>
    Png,

    /// <summary>Lossy colour at quality 90, exact alpha.</summary>
    Webp,

    /// <summary>No alpha; white behind the subject unless another background is given. Drop-in route only.</summary>
    Jpeg,

    /// <summary>An archive of color.jpg and alpha.png. Drop-in route only.</summary>
    Zip,
}

public static class OutputFormats
{
    private static readonly string[] All = ["auto", "png", "webp", "jpg", "zip"];

    /// <summary>Values that <c>outputFormat</c> accepts.</summary>
    public static IReadOnlyList<string> Words { get; } = All[..3];

    public static string Word(this OutputFormat format) => All[(int)format];

    public static bool TryParse(string? word, out OutputFormat format)
    {
        var index = Array.IndexOf(All, word);
        format = (OutputFormat)Math.Max(index, 0);
        return index >= 0;
    }
}

/// <summary>Media types of results.</summary>
public static class ResultTypes
{
    public const string Png = "image/png", Webp = "image/webp", Jpeg = "image/jpeg", Zip = "application/zip";

    public static IReadOnlyList<string> All { get; } = [Webp, Png, Jpeg, Zip];

    /// <summary>The file name's extension, without the dot.</summary>
    public static string Extension(string contentType) =>
        contentType switch { Png => "png", Jpeg => "jpg", Zip => "zip", _ => "webp" };
}
