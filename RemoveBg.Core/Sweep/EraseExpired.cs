using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Sweep;

/// <summary>Erases blobs, records and idempotency keys that have outlived their retention.</summary>
/// <remarks>A record that is still open is ended first, and erased by a later run, when its webhook has been delivered
/// or given up.</remarks>
public sealed class EraseExpired(
    ArtworkTable artworks, StoredImages images, IdempotencyTable idempotency, DeleteArtwork delete,
    CompleteArtwork complete, StorageSetup storage, ServiceMetrics metrics, IOptions<ResultOptions> options,
    TimeProvider clock, ILogger<EraseExpired> log)
{
    /// <summary>Shorter than the five minutes between two runs, and than any functionTimeout that startup accepts with
    /// the default limits of a job.</summary>
    internal static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(4);

    public async Task EraseAsync(CancellationToken cancellationToken)
    {
        // A response of storage first: a wrong clock, which it corrects, would erase what is new.
        await storage.CheckAsync(cancellationToken);
        var (now, run) = (clock.GetUtcNow(), new TimedRun(clock, LongestRun));
        var files = images.DeleteOlderThanAsync(now - options.Value.Retention, () => run.IsOver, cancellationToken);
        var keys = idempotency.DeleteExpiredAsync(() => run.IsOver, cancellationToken);
        var records = Task.WhenAll(ArtworkTable.Partitions
            .Select(partition => EraseRecordsAsync(partition, now, run, cancellationToken)));
        await Task.WhenAll(files, records, keys);

        var (ended, erased) = ((await records).Sum(part => part.Ended), (await records).Sum(part => part.Erased));
        if (await files + erased + ended + await keys > 0) log.Deleted(await files, erased, await keys, ended);
        if (run.IsOver) log.OutOfTime(LongestRun.TotalSeconds);
    }

    private async Task<(int Ended, int Erased)> EraseRecordsAsync(string partition, DateTimeOffset now, TimedRun run,
        CancellationToken cancellationToken)
    {
        var (ended, erased) = (0, 0);
        var cutoff = now - options.Value.RecordRetention;
        await foreach (var page in artworks.CreatedBeforeAsync(partition, cutoff, cancellationToken))
        {
            // 1. End what is open.
            foreach (var artwork in page.Where(artwork => !artwork.Status.IsTerminal()))
            {
                if (run.IsOver) return (ended, erased);
                if (await TryEndAsync(artwork, cancellationToken)) ended++;
            }

            // 2. Erase what has ended. One that ended late keeps its record until its webhook is through.
            var expired = page.Where(artwork => artwork.Status.IsTerminal()
                && (artwork.EndedAt < cutoff || artwork.Delivery.Status != WebhookStatus.Pending)).ToList();
            // Images of the others are gone: they are no younger than the artwork's end.
            foreach (var artwork in expired.Where(artwork => artwork.EndedAt >= now - options.Value.Retention))
                await delete.DeleteImagesAsync(artwork, cancellationToken);
            await delete.DeleteRowsAsync(expired, cancellationToken);
            erased += expired.Count;
            if (run.IsOver) break;
        }
        return (ended, erased);
    }

    /// <summary>Ends an artwork that is still open at the end of its retention.</summary>
    /// <returns>False if it has changed meanwhile.</returns>
    private async Task<bool> TryEndAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        var failure = new ArtworkFailure(ArtworkFailure.InternalError,
            $"Processing did not finish within {options.Value.RecordRetention.TotalHours:0.#} h.");
        if (await artworks.TryUpdateAsync(artwork, artwork.Fail(clock.GetUtcNow(), failure), cancellationToken)
            is not { } failed) return false;
        metrics.Fault(Fault.NeverEnded, failure.Code);
        log.EndedByRetention(failed.Id, failed.Attempt);
        await complete.CompleteAsync(failed);
        return true;
    }
}
