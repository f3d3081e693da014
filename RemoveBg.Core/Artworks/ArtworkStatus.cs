namespace RemoveBg.Core.Artworks;

/// <summary>States of an artwork, in order. Nothing leaves a terminal state.</summary>
public enum ArtworkStatus
{
    /// <summary>Accepted, waiting in the queue.</summary>
    Starting,

    /// <summary>Claimed by a worker, or waiting to retry the download.</summary>
    Processing,

    Succeeded,
    Failed,
    Canceled,
}

public static class ArtworkStatuses
{
    /// <summary>Names on the wire and in the <c>status</c> filter.</summary>
    public static IReadOnlyList<string> Words { get; } = ["starting", "processing", "succeeded", "failed", "canceled"];

    public static string Word(this ArtworkStatus status) => Words[(int)status];

    public static bool IsTerminal(this ArtworkStatus status) => status >= ArtworkStatus.Succeeded;

    public static bool TryParse(string? word, out ArtworkStatus status)
    {
        var index = Words.ToList().IndexOf(word ?? "");
        status = (ArtworkStatus)Math.Max(index, 0);
        return index >= 0;
    }
}
