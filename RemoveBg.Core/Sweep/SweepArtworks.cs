using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Sweep;

/// <summary>
/// Finds what got stuck: a record whose message was never sent, a worker that died, a webhook whose next message is
/// missing. It only sends messages again; whoever reads them decides by the record, so one too many does no harm.
/// Also erases what has outlived its retention.
/// </summary>
public sealed class SweepArtworks(
    ArtworkTable artworks, Admission admission, ArtworkQueues queues, StoredPictures pictures, DeleteArtwork delete, IdempotencyTable idempotency,
    ServiceMetrics metrics, IOptions<ResultOptions> options, TimeProvider clock, ILogger<SweepArtworks> log)
{
    /// <summary>A run must not outlast the minute until the next; what is left then comes first.</summary>
    private const int MostPerRun = 1000;

    public async Task Sweep(CancellationToken cancel)
    {
        metrics.QueueOldest(await queues.OldestToProcess(clock.GetUtcNow(), cancel));
        var (looked, sent, keys) = (0, 0, new HashSet<string>());
        await foreach (var id in artworks.Overdue(clock.GetUtcNow(), cancel))
        {
            if (looked++ == MostPerRun) break;
            if (await artworks.Find(id, cancel) is { } artwork && await SendAgain(artwork, keys, cancel)) sent++;
        }
        if (sent > 0) log.LogInformation("Swept: {Count} messages sent again", sent);
    }

    public async Task Erase(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var files = await pictures.EraseOlderThan(now - options.Value.Retention, cancel);
        var records = 0;
        await foreach (var artwork in artworks.CreatedBefore(now - options.Value.RecordRetention, cancel))
        {
            if (records++ == MostPerRun) break;
            await delete.Erase(artwork, cancel);
        }
        var keys = await idempotency.Forget(cancel);
        if (files + records + keys > 0)
            log.LogInformation("Erased: {Files} files, {Records} records, {Keys} idempotency keys", files, records, keys);
    }

    /// <param name="keys">Whose turns this sweep has looked at.</param>
    private async Task<bool> SendAgain(Artwork artwork, HashSet<string> keys, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        if (artwork.DueAt is null || artwork.DueAt > now) return false;
        var waits = artwork.Status == ArtworkStatus.Starting && await admission.Waits(artwork, cancel);
        // The mark first: a message more does no harm, a run that marks nothing would send the same again each minute.
        if (await artworks.TryUpdate(artwork, waits ? artwork.KeptWaiting(now) : artwork.Requeued(now), cancel) is null) return false;
        if (waits)
        {
            // Did somebody die with a turn? Once a key and sweep is enough.
            if (keys.Add(artwork.KeyId)) await admission.PassOnFree(artwork, cancel);
            return false;
        }
        if (artwork.Status.IsTerminal()) await queues.SendToDeliver(artwork, artwork.Delivery.Attempts + 1, TimeSpan.Zero, cancel);
        else if (artwork.Status != ArtworkStatus.Starting) await queues.SendToProcess(artwork, artwork.Attempt + 1, TimeSpan.Zero, cancel);
        else await admission.Resume(artwork, cancel);
        metrics.Fault(Fault.Overdue);
        log.LogWarning("Artwork {ArtworkId} ({Status}, attempt {Attempt}) was overdue; sent again", artwork.Id, artwork.Status.Word(), artwork.Attempt);
        return true;
    }
}
