using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Notify;

/// <summary>An artwork has ended: log it, and start its webhook.</summary>
public sealed class Announce(ArtworkQueues queues, ILogger<Announce> log)
{
    public async Task Ended(Artwork artwork)
    {
        if (artwork.Failure is { } failure)
            log.LogInformation("Artwork {ArtworkId} failed with {Code} after {Seconds} s", artwork.Id, failure.Code, artwork.Duration.WireSeconds());
        else
            log.LogInformation("Artwork {ArtworkId} {Status} after {Seconds} s", artwork.Id, artwork.Status.Word(), artwork.Duration.WireSeconds());
        if (artwork.Delivery.Status != WebhookStatus.Pending) return;
        try
        {
            await queues.SendToDeliver(artwork.Id, artwork.Delivery.Attempts + 1, TimeSpan.Zero, CancellationToken.None);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, CancellationToken.None))
        {
            log.LogWarning(problem, "Artwork {ArtworkId}: the webhook could not be queued; the sweeper will", artwork.Id);
        }
    }
}
