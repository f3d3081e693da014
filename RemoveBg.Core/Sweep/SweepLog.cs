using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.Sweep;

/// <summary>Log events of the sweeper; docs/events.md lists them.</summary>
internal static partial class SweepLog
{
    [LoggerMessage(600, LogLevel.Information, "Sent {Count} overdue messages again")]
    public static partial void Swept(this ILogger log, int count);

    [LoggerMessage(601, LogLevel.Warning,
        "Artwork {ArtworkId} ({Status}, attempt {Attempt}) was overdue; sent its message again")]
    public static partial void Overdue(this ILogger log, Guid artworkId, string status, int attempt);

    [LoggerMessage(602, LogLevel.Information,
        "Retention deleted {Files} files, {Records} records and {Keys} idempotency keys, and ended {Ended} artworks")]
    public static partial void Deleted(this ILogger log, int files, int records, int keys, int ended);

    [LoggerMessage(603, LogLevel.Error,
        "Artwork {ArtworkId} (attempt {Attempt}) was still open at the end of its retention, so it failed")]
    public static partial void EndedByRetention(this ILogger log, Guid artworkId, int attempt);

    [LoggerMessage(604, LogLevel.Warning,
        "Retention stopped after {Seconds} s; the next run deletes the rest")]
    public static partial void OutOfTime(this ILogger log, double seconds);
}
