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

    [LoggerMessage(507, LogLevel.Information,
        "Artwork {ArtworkId}: webhook attempt {Attempt} is another worker's; checking again when its lease ends")]
    public static partial void AttemptHeldByAnother(this ILogger log, Guid artworkId, int attempt);

    [LoggerMessage(508, LogLevel.Warning,
        "Storage failed before a webhook attempt was claimed ({Reason}); its message comes again")]
    public static partial void WebhookMessageReturned(this ILogger log, string reason);

    [LoggerMessage(520, LogLevel.Warning,
        "API key {KeyId} has no webhook secret of its own; its webhooks are signed with the global one")]
    public static partial void NoOwnSecret(this ILogger log, string keyId);

    [LoggerMessage(521, LogLevel.Error, "A webhook secret of API key {KeyId} cannot be opened: "
        + "RemoveBg:Webhook:Secrets has changed without an overlap. Restore the secret, or rotate the key's")]
    public static partial void SecretUnreadable(this ILogger log, string keyId);

    [LoggerMessage(522, LogLevel.Warning,
        "Could not publish the public key that seals webhook secrets ({Reason}); trying again in a minute")]
    public static partial void SealNotPublished(this ILogger log, string reason);
}
