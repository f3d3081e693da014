using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Read;

/// <summary>Cancels what has not ended; a terminal artwork is returned as it is.</summary>
public sealed class CancelArtwork(ReadArtwork read, ArtworkTable artworks, ArtworkQueues queues, ArtworkViews views, TimeProvider clock)
{
    public async Task<ArtworkView> Cancel(ApiKey key, string id, CancellationToken cancel)
    {
        while (true)
        {
            var artwork = await read.Find(key, id, cancel);
            if (artwork.Status.IsTerminal()) return await views.Of(artwork, cancel);

            // Somebody may have written meanwhile (null): read again. A worker that holds it notices at its next write.
            if (await artworks.TryUpdate(artwork, artwork.Cancel(clock.GetUtcNow()), cancel) is not { } canceled) continue;
            if (canceled.Delivery.Status == WebhookStatus.Pending) await queues.SendToDeliver(canceled.Id, 1, TimeSpan.Zero, cancel);
            return await views.Of(canceled, cancel);
        }
    }
}
