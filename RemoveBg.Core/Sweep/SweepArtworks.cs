using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Sweep;

/// <summary>Requeues overdue work, and deletes what has outlived its retention.</summary>
/// <remarks>Work is overdue if its message was never sent, its worker died, or the message of the next webhook attempt
/// is missing. The sweeper only sends messages again; the receiver decides by the record, so an extra message does no
/// harm.</remarks>
public sealed class SweepArtworks(
    ArtworkTable artworks, Admission admission, ArtworkQueues queues, StoredImages images, DeleteArtwork delete,
    IdempotencyTable idempotency, StorageSetup storage, ServiceMetrics metrics, IOptions<ResultOptions> options,
    IOptions<ProcessOptions> process, TimeProvider clock, ILogger<SweepArtworks> log)
{
    /// <summary>Bounds a run to the minute until the next one, which starts with what is left.</summary>
    private const int MostPerRun = 1000;

    /// <summary>Longest wait for a webhook attempt.</summary>
    private static readonly TimeSpan LongestDueEnded = ArtworkQueues.LongestDelay + ArtworkTransitions.QueuePatience;

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        metrics.QueueOldest(await queues.OldestToProcessAsync(clock.GetUtcNow(), cancellationToken));
        var (read, sent, keys) = (0, 0, new HashSet<string>());
        var now = clock.GetUtcNow();
        await foreach (var id in artworks.OverdueAsync(now, StoredTime.Latest(now, process.Value.LongestDue),
            StoredTime.Latest(now, LongestDueEnded), cancellationToken))
        {
            if (read++ == MostPerRun) break;
            if (await artworks.FindAsync(id, cancellationToken) is { } artwork
                && await SendAgainAsync(artwork, keys, cancellationToken)) sent++;
        }
        if (sent > 0) log.Swept(sent);
    }

    /// <summary>Deletes blobs, records and idempotency keys that have outlived their retention.</summary>
    public async Task DeleteExpiredAsync(CancellationToken cancellationToken)
    {
        // A response of storage first: a wrong clock, which it corrects, would delete what is new.
        await storage.CheckAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var files = await images.DeleteOlderThanAsync(now - options.Value.Retention, cancellationToken);
        var records = 0;
        await foreach (var artwork
            in artworks.CreatedBeforeAsync(now - options.Value.RecordRetention, cancellationToken))
        {
            if (records++ == MostPerRun) break;
            await delete.DeleteAsync(artwork, cancellationToken);
        }
        var keys = await idempotency.DeleteExpiredAsync(cancellationToken);
        if (files + records + keys > 0)
            log.Deleted(files, records, keys);
    }

    /// <param name="artwork">The overdue artwork.</param>
    /// <param name="keys">Keys whose permits this sweep has checked.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    private async Task<bool> SendAgainAsync(Artwork artwork, HashSet<string> keys, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (artwork.DueAt is null || StoredTime.IsAhead(artwork.DueAt, now,
            artwork.Status.IsTerminal() ? LongestDueEnded : process.Value.LongestDue)) return false;
        var waits = artwork.Status == ArtworkStatus.Starting && await admission.WaitsAsync(artwork, cancellationToken);
        // Record first: an extra message does no harm, but an unmarked artwork would get a message each minute.
        if (await artworks.TryUpdateAsync(artwork, waits ? artwork.KeptWaiting(now) : artwork.Requeued(now),
            cancellationToken) is null) return false;
        if (waits)
        {
            // A worker may have died with a permit. Check once per key and sweep.
            if (keys.Add(artwork.KeyId)) await admission.PassOnFreeAsync(artwork, cancellationToken);
            return false;
        }
        if (artwork.Status.IsTerminal())
            await queues.SendToDeliverAsync(artwork, artwork.Delivery.Attempts + 1, TimeSpan.Zero, cancellationToken);
        else if (artwork.Status != ArtworkStatus.Starting)
            await queues.SendToProcessAsync(artwork, artwork.Attempt + 1, TimeSpan.Zero, cancellationToken);
        else await admission.ResumeAsync(artwork, cancellationToken);
        metrics.Fault(Fault.Overdue);
        log.Overdue(artwork.Id, artwork.Status.Word(), artwork.Attempt);
        return true;
    }
}
