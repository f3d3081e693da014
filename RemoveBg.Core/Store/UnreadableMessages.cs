using Microsoft.Extensions.Logging;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Store;

/// <summary>Keeps queue messages that no version of this program can have sent.</summary>
/// <remarks>Nothing reads the queues <c>*-unreadable</c>. An operator finds the original text there and can send it
/// again.</remarks>
public sealed class UnreadableMessages(StorageClients storage, ServiceMetrics metrics, ILogger<UnreadableMessages> log)
{
    private static readonly TimeSpan NeverExpires = TimeSpan.FromSeconds(-1);

    /// <summary>Parses a message, or counts, logs and keeps it.</summary>
    /// <param name="queue">Name of the queue, also for a message from its poison queue.</param>
    /// <param name="text">The message as stored: JSON, or JSON in base64.</param>
    /// <param name="cancellationToken">Cancels the storage call.</param>
    /// <returns>Null when the message is unreadable and has been kept.</returns>
    public async Task<ArtworkMessage?> ParseOrKeepAsync(string queue, string text, CancellationToken cancellationToken)
    {
        if (ArtworkMessage.TryParse(text) is { } message) return message;
        metrics.Fault(Fault.UnreadableMessage);
        // Kept before the original is deleted. If this fails, the host delivers the message again.
        var kept = queue + ArtworkQueues.UnreadableSuffix;
        await storage.UndecodedQueue(kept)
            .SendMessageAsync(text, timeToLive: NeverExpires, cancellationToken: cancellationToken);
        log.UnreadableMessageKept(queue, kept);
        return null;
    }
}
