using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Notify;

/// <summary>Log events of notification; docs/events.md lists them.</summary>
internal static partial class NotifyLog
{
    [LoggerMessage(500, LogLevel.Information, "Artwork {ArtworkId} {Status} after {Seconds} s")]
    public static partial void Ended(this ILogger log, Guid artworkId, string status, decimal seconds);

    [LoggerMessage(501, LogLevel.Information, "Artwork {ArtworkId} failed with {Code} after {Seconds} s")]
    public static partial void EndedInFailure(this ILogger log, Guid artworkId, string code, decimal seconds);

    [LoggerMessage(502, LogLevel.Warning, "Artwork {ArtworkId}: {What}; the sweeper will do it")]
    public static partial void LeftToSweeper(this ILogger log, Exception problem, Guid artworkId, string what);

    [LoggerMessage(503, LogLevel.Warning, "Artwork {ArtworkId} has no record; dropped its webhook message")]
    public static partial void RecordMissing(this ILogger log, Guid artworkId);

    [LoggerMessage(EventId = 504, Message =
        "Artwork {ArtworkId}: webhook attempt {Attempt} {Outcome} {StatusCode}, {Status}, next in {Seconds} s")]
    public static partial void WebhookAttempted(this ILogger log,
        LogLevel level, Guid artworkId, int attempt, string outcome, int? statusCode, WebhookStatus status,
        decimal? seconds);

    [LoggerMessage(506, LogLevel.Information,
        "Artwork {ArtworkId}: the process was frozen during webhook attempt {Attempt}; not counted")]
    public static partial void WebhookNotCounted(this ILogger log, Guid artworkId, int attempt);

    [LoggerMessage(505, LogLevel.Information, "Webhook {WebhookId} could not be sent: {Reason}")]
    public static partial void WebhookNotSent(this ILogger log, string webhookId, string reason);
}
