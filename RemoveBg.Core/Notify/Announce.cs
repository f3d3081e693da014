using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Notify;

/// <summary>An artwork has ended: log it, start its webhook, and let the next of its key have its turn.</summary>
public sealed class Announce(ArtworkQueues queues, Admission admission, ServiceMetrics metrics, ILogger<Announce> log)
{
    public async Task EndedAsync(Artwork artwork)
    {
        metrics.Ended(artwork);
        if (artwork.Failure is { } failure)
            log.EndedInFailure(artwork.Id, failure.Code, artwork.Duration.WireSeconds());
        else
            log.Ended(artwork.Id, artwork.Status.Word(), artwork.Duration.WireSeconds());
        if (artwork.Delivery.Status == WebhookStatus.Pending)
            await OrLeaveToSweeperAsync(artwork, "the webhook could not be queued", () => queues.SendToDeliverAsync(
                artwork, artwork.Delivery.Attempts + 1, TimeSpan.Zero, CancellationToken.None));
        await OrLeaveToSweeperAsync(artwork, "its turn could not be passed on",
            () => admission.LeaveAsync(artwork, CancellationToken.None));
    }

    private async Task OrLeaveToSweeperAsync(Artwork artwork, string what, Func<Task> act)
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
