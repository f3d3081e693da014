using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>What was tried, and trying once more by hand.</summary>
public sealed class WebhookDeliveries(ReadArtwork read, ArtworkTable artworks, ArtworkQueues queues, TimeProvider clock)
{
    public async Task<WebhookDeliveriesView> ListAsync(ApiKey key, string id, CancellationToken cancellationToken)
    {
        var artwork = await read.FindAsync(key, id, cancellationToken);
        var deliveries = await artworks.DeliveriesAsync(artwork.Id, cancellationToken);
        return new(artwork.WebhookId, artwork.Delivery.Status.ToString().ToLowerInvariant(),
        [
            .. deliveries.Select(delivery => new WebhookDeliveryView(
                delivery.Number, delivery.At.Wire(), delivery.Outcome, delivery.StatusCode,
                    delivery.Duration.WireSeconds(), delivery.NextAttemptAt?.Wire())),
        ]);
    }

    /// <summary>Starts a new round of attempts with the same webhook-id.</summary>
    /// <exception cref="ApiException">400: no webhook, not ended yet, or a round is under way.</exception>
    public async Task<WebhookDeliveriesView> RedeliverAsync(ApiKey key, string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var artwork = await read.FindAsync(key, id, cancellationToken);
            if (artwork.Webhook is null) throw ApiException.BadRequest(
                "The artwork was submitted without a webhook; there is nothing to deliver.");
            if (!artwork.Status.IsTerminal())
                throw ApiException.BadRequest("The artwork has not ended; its webhook is sent when it has.");
            if (artwork.Delivery.LeaseUntil > clock.GetUtcNow())
                throw ApiException.BadRequest("An attempt is under way; look at webhook-deliveries first.");
            if (await artworks.TryUpdateAsync(artwork, artwork.Redeliver(clock.GetUtcNow()), cancellationToken)
                is not { } renewed) continue;
            await queues.SendToDeliverAsync(artwork, renewed.Delivery.Attempts + 1, TimeSpan.Zero, cancellationToken);
            return await ListAsync(key, id, cancellationToken);
        }
    }
}
