using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Cancels what has not ended; a terminal artwork is returned as it is.</summary>
public sealed class CancelArtwork(ReadArtwork read, ArtworkTable artworks, Announce announce, ArtworkViews views,
    TimeProvider clock)
{
    public async Task<ArtworkView> CancelAsync(ApiKey key, string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var artwork = await read.FindAsync(key, id, cancellationToken);
            if (artwork.Status.IsTerminal()) return await views.OfAsync(artwork, cancellationToken);

            // Somebody may have written meanwhile (null): read again. A worker that holds it notices at its next write.
            if (await artworks.TryUpdateAsync(artwork, artwork.Cancel(clock.GetUtcNow()), cancellationToken)
                is not { } canceled) continue;
            await announce.EndedAsync(canceled);
            return await views.OfAsync(canceled, cancellationToken);
        }
    }
}
