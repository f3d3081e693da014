using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Cancels an artwork; one that has ended is returned unchanged.</summary>
public sealed class CancelArtwork(ReadArtwork read, ArtworkTable artworks, CompleteArtwork complete, ArtworkViews views,
    TimeProvider clock)
{
    public async Task<ArtworkView> CancelAsync(ApiKey key, string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var artwork = await read.FindAsync(key, id, cancellationToken);
            if (artwork.Status.IsTerminal()) return await views.OfAsync(artwork, cancellationToken);

            // Null if the record has changed: read again. A worker that has claimed it notices at its next write.
            if (await artworks.TryUpdateAsync(artwork, artwork.Cancel(clock.GetUtcNow()), cancellationToken)
                is not { } canceled) continue;
            await complete.CompleteAsync(canceled);
            return await views.OfAsync(canceled, cancellationToken);
        }
    }
}
