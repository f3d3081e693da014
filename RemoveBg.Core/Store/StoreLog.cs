using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.Store;

/// <summary>Log events of storage; docs/events.md lists them.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(700, LogLevel.Warning, "Could not prepare storage at startup ({Reason}); /readyz tries again")]
    public static partial void NotPrepared(this ILogger log, string reason);

    [LoggerMessage(701, LogLevel.Error, "A message on queue {Queue} is unreadable; kept in queue {Kept}")]
    public static partial void UnreadableMessageKept(this ILogger log, string queue, string kept);

    [LoggerMessage(702, LogLevel.Warning, "Reclaimed a stale permit from artwork {ArtworkId}")]
    public static partial void StalePermit(this ILogger log, Guid artworkId);

    [LoggerMessage(703, LogLevel.Error,
        "A table, queue or container was missing; created it again. What it contained is lost")]
    public static partial void Recreated(this ILogger log);
}
