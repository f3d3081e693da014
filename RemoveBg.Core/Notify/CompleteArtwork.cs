using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Notify;

/// <summary>Completes an artwork that has ended: logs it, queues its webhook and passes its permit on.</summary>
public sealed class CompleteArtwork(ArtworkQueues queues, Admission admission, ServiceMetrics metrics,
    ILogger<CompleteArtwork> log)
{
    /// <param name="artwork">The record with its final status, as stored.</param>
    public async Task CompleteAsync(Artwork artwork)
    {
        metrics.Ended(artwork);
        if (artwork.Failure is { } failure)
            log.EndedInFailure(artwork.Id, failure.Code, artwork.Duration.WireSeconds());
        else
            log.Ended(artwork.Id, artwork.Status.Word(), artwork.Duration.WireSeconds());
        if (artwork.Delivery.Status == WebhookStatus.Pending)
            await TryOrLeaveToSweeperAsync(artwork, "the webhook could not be queued", () => queues.SendToDeliverAsync(
                artwork, artwork.Delivery.Attempts + 1, TimeSpan.Zero, CancellationToken.None));
        await TryOrLeaveToSweeperAsync(artwork, "its permit could not be passed on",
            () => admission.LeaveAsync(artwork, CancellationToken.None));
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
