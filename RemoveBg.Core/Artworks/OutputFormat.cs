namespace RemoveBg.Core.Artworks;

/// <summary>What the caller asked for. <see cref="Auto"/> and <see cref="Webp"/> are the same file.</summary>
public enum OutputFormat
{
    Auto,

    /// <summary>Lossless.</summary>
    Png,

    /// <summary>Lossy colour at quality 90, exact alpha.</summary>
    Webp,
}

public static class OutputFormats
{
    public static IReadOnlyList<string> Words { get; } = ["auto", "png", "webp"];

    public static string Word(this OutputFormat format) => Words[(int)format];

    public static bool TryParse(string? word, out OutputFormat format)
    {
        var index = word is null ? -1 : Words.ToList().IndexOf(word);
        format = (OutputFormat)Math.Max(index, 0);
        return index >= 0;
    }
}
