using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Sweep;

/// <summary>Requeues overdue work.</summary>
/// <remarks>Work is overdue if its message was never sent, its worker died, or the message of the next webhook attempt
/// is missing. The sweeper only sends messages again; the receiver decides by the record, so an extra message does no
/// harm. Any number of instances may sweep at once: the first to change the record sends the message.</remarks>
public sealed class SweepArtworks(
    ArtworkTable artworks, Admission admission, ArtworkQueues queues, ServiceMetrics metrics,
    IOptions<ProcessOptions> process, TimeProvider clock, ILogger<SweepArtworks> log)
{
    /// <summary>Bounds a run to the minute until the next one, which starts with what has been overdue for
    /// longest.</summary>
    internal static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(50);

    /// <summary>Longest wait for a webhook attempt.</summary>
    private static readonly TimeSpan LongestDueEnded = ArtworkQueues.LongestDelay + ArtworkTransitions.QueuePatience;

    private const int KeysAtOnce = 16;

    /// <summary>Key with which the next run starts, because the last one had no time left for it.</summary>
    private string _firstKey = "";

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        metrics.QueueOldest(await queues.OldestToProcessAsync(clock.GetUtcNow(), cancellationToken));
        var run = new TimedRun(clock, LongestRun);

        // 1. Overdue work of all partitions, and keys whose artworks wait. All at once: none can hold up the others.
        var sent = (await Task.WhenAll(ArtworkTable.Partitions
            .Select(partition => SendOverdueAsync(partition, run, cancellationToken))
            .Append(CheckKeysAsync(run, cancellationToken)))).Sum();

        // 2. What an earlier version left.
        sent += (await Task.WhenAll(ArtworkTable.Partitions
            .Select(partition => SortAsync(partition, run, cancellationToken)))).Sum();
        if (sent > 0) log.Swept(sent);
    }

    private async Task<int> SendOverdueAsync(string partition, TimedRun run, CancellationToken cancellationToken)
    {
        var (sent, now) = (0, clock.GetUtcNow());
        await foreach (var artwork in artworks.OverdueAsync(partition, now,
            StoredTime.Latest(now, process.Value.LongestDue), StoredTime.Latest(now, LongestDueEnded),
            cancellationToken))
        {
            if (run.IsOver) break;
            if (await SendIfOverdueAsync(artwork, cancellationToken)) sent++;
        }
        return sent;
    }

    /// <summary>Looks after waiting artworks by their keys, so that the cost does not grow with their
    /// number.</summary>
    private async Task<int> CheckKeysAsync(TimedRun run, CancellationToken cancellationToken)
    {
        var (sent, first, next) = (0, _firstKey, "");
        var keys = (await artworks.WaitingKeysAsync(cancellationToken))
            .OrderBy(key => string.CompareOrdinal(key.KeyId, first) < 0);
        await Parallel.ForEachAsync(keys,
            new ParallelOptions { MaxDegreeOfParallelism = KeysAtOnce, CancellationToken = cancellationToken },
            async (key, stop) =>
            {
                if (run.IsOver)
                {
                    Interlocked.CompareExchange(ref next, key.KeyId, "");
                    return;
                }
                var (isIdle, notStarted) = await admission.CheckAsync(key.KeyId, key.ConcurrentJobs, stop);
                foreach (var artwork in notStarted)
                {
                    if (await artworks.TryUpdateAsync(artwork, artwork.Requeued(clock.GetUtcNow()), stop) is null)
                        continue;
                    await queues.SendToProcessAsync(artwork, artwork.Attempt + 1, TimeSpan.Zero, stop);
                    NoteOverdue(artwork);
                    Interlocked.Increment(ref sent);
                }
                if (isIdle) await artworks.ForgetAsync(key, stop);
            });
        _firstKey = next;
        return sent;
    }

    /// <summary>Gives artworks that an earlier version wrote the rows by which they are found in time.</summary>
    private async Task<int> SortAsync(string partition, TimedRun run, CancellationToken cancellationToken)
    {
        var sent = 0;
        await foreach (var artwork in artworks.DueUnsortedAsync(partition, cancellationToken))
        {
            if (run.IsOver) break;
            if (artwork.DueAt > clock.GetUtcNow())
                await artworks.TryUpdateAsync(artwork, artwork, cancellationToken);
            else if (await SendIfOverdueAsync(artwork, cancellationToken)) sent++;
        }
        return sent;
    }

    private async Task<bool> SendIfOverdueAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (artwork.DueAt is null || StoredTime.IsAhead(artwork.DueAt, now,
            artwork.Status.IsTerminal() ? LongestDueEnded : process.Value.LongestDue)) return false;
        if (artwork.Status == ArtworkStatus.Starting && await admission.WaitsAsync(artwork, cancellationToken))
        {
            // Its submission died before it could say so.
            await artworks.TryLetWaitAsync(artwork, cancellationToken);
            return false;
        }
        // Record first: an extra message does no harm, but an unmarked artwork would get a message each minute.
        if (await artworks.TryUpdateAsync(artwork, artwork.Requeued(now), cancellationToken) is not { } requeued)
            return false;
        if (artwork.Status.IsTerminal())
            await queues.SendToDeliverAsync(artwork, TimeSpan.Zero, cancellationToken);
        else if (artwork.Status != ArtworkStatus.Starting)
            await queues.SendToProcessAsync(artwork, artwork.Attempt + 1, TimeSpan.Zero, cancellationToken);
        else await admission.ResumeAsync(requeued, cancellationToken);
        NoteOverdue(artwork);
        return true;
    }

    private void NoteOverdue(Artwork artwork)
    {
        metrics.Fault(Fault.Overdue);
        log.Overdue(artwork.Id, artwork.Status.Word(), artwork.Attempt);
    }
}
