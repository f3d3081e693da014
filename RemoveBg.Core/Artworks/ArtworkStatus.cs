namespace RemoveBg.Core.Artworks;

/// <summary>The states of an artwork, in the order in which it passes them. Nothing leaves a terminal one.</summary>
public enum ArtworkStatus
{
    /// <summary>Accepted, waiting in the queue.</summary>
    Starting,

    /// <summary>A worker holds it, or a retry of the download is waiting.</summary>
    Processing,

    Succeeded,
    Failed,
    Canceled,
}

public static class ArtworkStatuses
{
    /// <summary>The words of the wire and of the <c>status</c> filter.</summary>
    public static IReadOnlyList<string> Words { get; } = ["starting", "processing", "succeeded", "failed", "canceled"];

    public static string Word(this ArtworkStatus status) => Words[(int)status];

    public static bool IsTerminal(this ArtworkStatus status) => status >= ArtworkStatus.Succeeded;

    public static bool TryParse(string? word, out ArtworkStatus status)
    {
        var index = word is null ? -1 : Words.ToList().IndexOf(word);
        status = (ArtworkStatus)Math.Max(index, 0);
        return index >= 0;
    }
}
