using Microsoft.Extensions.Options;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Lists the delivery attempts of a webhook, and redelivers it on request.</summary>
public sealed class WebhookDeliveries(ReadArtwork read, ArtworkTable artworks, ArtworkQueues queues,
    IOptions<WebhookOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan RedeliverInterval = TimeSpan.FromSeconds(10);

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
    /// <exception cref="ApiException">400: no webhook, artwork not ended, or an attempt is running. 429: an attempt is
    /// due within seconds, or a redelivery was seconds ago.</exception>
    public async Task<WebhookDeliveriesView> RedeliverAsync(ApiKey key, string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var artwork = await read.FindAsync(key, id, cancellationToken);
            if (artwork.Webhook is null) throw ApiException.BadRequest(
                "The artwork has no webhook.");
            if (!artwork.Status.IsTerminal())
                throw ApiException.BadRequest("The artwork has not ended; its webhook will be sent when it has.");
            if (StoredTime.IsAhead(artwork.Delivery.LeaseUntil, clock.GetUtcNow(), options.Value.Lease))
                throw ApiException.BadRequest("A delivery attempt is running. Check webhook-deliveries and try again.");
            if (IsTooSoon(artwork.Delivery, clock.GetUtcNow()))
                throw ApiException.TooManyRequests(
                    "The webhook is about to be sent, or was sent again seconds ago. Check webhook-deliveries.",
                    new(Quota: 1, Remaining: 0, RedeliverInterval, RedeliverInterval) { Policy = "redeliver",
                        Window = RedeliverInterval });
            if (await artworks.TryUpdateAsync(artwork, artwork.Redeliver(clock.GetUtcNow()), cancellationToken)
                is not { } renewed) continue;
            await queues.SendToDeliverAsync(renewed, TimeSpan.Zero, cancellationToken);
            return await ListAsync(key, id, cancellationToken);
        }
    }

    /// <summary>Whether an attempt is due within the interval, or this round, if it was requested, began within
    /// it.</summary>
    private static bool IsTooSoon(WebhookState delivery, DateTimeOffset now) =>
        (delivery.Status == WebhookStatus.Pending && delivery.NextAttemptAt < now + RedeliverInterval)
        || (delivery.RoundStart > 0 && delivery.RoundStartedAt > now - RedeliverInterval);
}
