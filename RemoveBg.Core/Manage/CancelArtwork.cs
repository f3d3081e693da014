using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Cancels what has not ended; a terminal artwork is returned as it is.</summary>
public sealed class CancelArtwork(ReadArtwork read, ArtworkTable artworks, Announce announce, ArtworkViews views, TimeProvider clock)
{
    public async Task<ArtworkView> Cancel(ApiKey key, string id, CancellationToken cancel)
    {
        while (true)
        {
            var artwork = await read.Find(key, id, cancel);
            if (artwork.Status.IsTerminal()) return await views.Of(artwork, cancel);

            // Somebody may have written meanwhile (null): read again. A worker that holds it notices at its next write.
            if (await artworks.TryUpdate(artwork, artwork.Cancel(clock.GetUtcNow()), cancel) is not { } canceled) continue;
            await announce.Ended(canceled);
            return await views.Of(canceled, cancel);
        }
    }
}
