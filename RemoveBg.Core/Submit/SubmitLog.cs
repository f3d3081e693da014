using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.Submit;

/// <summary>Log events of submission; docs/events.md lists them.</summary>
internal static partial class SubmitLog
{
    [LoggerMessage(100, LogLevel.Information, "Artwork {ArtworkId} accepted")]
    public static partial void Accepted(this ILogger log, Guid artworkId);

    [LoggerMessage(101, LogLevel.Warning,
        "Artwork {ArtworkId} was accepted but could not be queued; the sweeper will queue it")]
    public static partial void NotQueued(this ILogger log, Exception problem, Guid artworkId);

    [LoggerMessage(102, LogLevel.Error, "Storage failed after {Accepted} of {Count} artworks of a batch")]
    public static partial void BatchStoppedEarly(this ILogger log, Exception problem, int accepted, int count);
}
