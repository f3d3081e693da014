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
    ArtworkTable artworks, Admission admission, ArtworkQueues queues, StoredImages pictures, DeleteArtwork delete,
        IdempotencyTable idempotency,
    ServiceMetrics metrics, IOptions<ResultOptions> options, TimeProvider clock, ILogger<SweepArtworks> log)
{
    /// <summary>A run must not outlast the minute until the next; what is left then comes first.</summary>
    private const int MostPerRun = 1000;

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        metrics.QueueOldest(await queues.OldestToProcessAsync(clock.GetUtcNow(), cancellationToken));
        var (looked, sent, keys) = (0, 0, new HashSet<string>());
        await foreach (var id in artworks.OverdueAsync(clock.GetUtcNow(), cancellationToken))
        {
            if (looked++ == MostPerRun) break;
            if (await artworks.FindAsync(id, cancellationToken) is { } artwork
                && await SendAgainAsync(artwork, keys, cancellationToken)) sent++;
        }
        if (sent > 0) log.Swept(sent);
    }

    public async Task EraseAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var files = await pictures.EraseOlderThanAsync(now - options.Value.Retention, cancellationToken);
        var records = 0;
        await foreach (var artwork
            in artworks.CreatedBeforeAsync(now - options.Value.RecordRetention, cancellationToken))
        {
            if (records++ == MostPerRun) break;
            await delete.EraseAsync(artwork, cancellationToken);
        }
        var keys = await idempotency.ForgetAsync(cancellationToken);
        if (files + records + keys > 0)
            log.Deleted(files, records, keys);
    }

    /// <param name="keys">Whose turns this sweep has looked at.</param>
    private async Task<bool> SendAgainAsync(Artwork artwork, HashSet<string> keys, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (artwork.DueAt is null || artwork.DueAt > now) return false;
        var waits = artwork.Status == ArtworkStatus.Starting && await admission.WaitsAsync(artwork, cancellationToken);
        // The mark first: a message more does no harm, a run that marks nothing would send the same again each minute.
        if (await artworks.TryUpdateAsync(artwork, waits ? artwork.KeptWaiting(now) : artwork.Requeued(now),
            cancellationToken) is null) return false;
        if (waits)
        {
            // Did somebody die with a turn? Once a key and sweep is enough.
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
