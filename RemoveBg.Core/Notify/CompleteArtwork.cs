using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Notify;

/// <summary>Completes an artwork that has ended: logs it, queues its webhook and passes its permit on.</summary>
public sealed class CompleteArtwork(ArtworkQueues queues, Admission admission, ServiceMetrics metrics,
    TimeProvider clock, ILogger<CompleteArtwork> log)
{
    /// <summary>Time after the end in which the worker that ended it may still be queuing the webhook, or another may
    /// be about to take it. Shorter than the time after which a killed worker's message returns to the queue.</summary>
    private static readonly TimeSpan WebhookPatience = TimeSpan.FromSeconds(10);

    /// <param name="artwork">The record with its final status, as stored.</param>
    public async Task CompleteAsync(Artwork artwork)
    {
        metrics.Ended(artwork);
        if (artwork.Failure is { } failure)
            log.EndedInFailure(artwork.Id, failure.Code, artwork.Duration.WireSeconds());
        else
            log.Ended(artwork.Id, artwork.Status.Word(), artwork.Duration.WireSeconds());
        if (artwork.Delivery.Status == WebhookStatus.Pending)
            await TryOrLeaveToSweeperAsync(artwork, "the webhook could not be queued",
                () => queues.SendToDeliverAsync(artwork, TimeSpan.Zero, CancellationToken.None));
        await TryOrLeaveToSweeperAsync(artwork, "its permit could not be passed on",
            () => admission.LeaveAsync(artwork, CancellationToken.None));
    }

    /// <summary>Does what is left to do for an artwork whose message has come again: the worker that ended it may have
    /// died before it queued the webhook or passed the permit on.</summary>
    /// <param name="artwork">The record with its final status, as stored.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    public async Task ResumeAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        if (artwork.Delivery is { Status: WebhookStatus.Pending, Attempts: 0, LeaseUntil: null }
            && !StoredTime.IsAhead(artwork.EndedAt + WebhookPatience, clock.GetUtcNow(), WebhookPatience))
            await queues.SendToDeliverAsync(artwork, TimeSpan.Zero, cancellationToken);
        await admission.LeaveAsync(artwork, cancellationToken);
    }

    private async Task TryOrLeaveToSweeperAsync(Artwork artwork, string what, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception problem) when (StorageFailure.Is(problem, CancellationToken.None))
        {
            metrics.Fault(Fault.LeftToSweeper);
            log.LeftToSweeper(problem, artwork.Id, what);
        }
    }
}
