using Microsoft.Extensions.Logging;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Store;

/// <summary>
/// Keeps queue messages that no version of this program has sent. Nothing reads the queues <c>*-unreadable</c>: an
/// operator finds the text there as it came, and can send it again.
/// </summary>
public sealed class UnreadableMessages(StorageClients storage, ServiceMetrics metrics, ILogger<UnreadableMessages> log)
{
    private static readonly TimeSpan NeverExpires = TimeSpan.FromSeconds(-1);

    /// <summary>Parses a message, or counts, logs and keeps it.</summary>
    /// <param name="queue">The queue that it came from; its poison queue counts as the same.</param>
    /// <param name="text">As stored: JSON, or JSON in base64.</param>
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
