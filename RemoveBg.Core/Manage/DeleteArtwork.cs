using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Erases result, stored input and record, in this order: as long as something is left, the owner can ask
/// again. A worker that still holds the artwork finds no record at its last write and erases what it stored.</summary>
public sealed class DeleteArtwork(ReadArtwork read, ArtworkTable artworks, Admission admission, StoredImages pictures)
{
    public async Task DeleteAsync(ApiKey key, string id, CancellationToken cancellationToken) =>
        await EraseAsync(await read.FindAsync(key, id, cancellationToken), cancellationToken);

    public async Task EraseAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        await pictures.DeleteResultAsync(artwork.Id, cancellationToken);
        if (artwork.HasStoredInput) await pictures.DeleteInputAsync(artwork.Id, StoredInput.Photo, cancellationToken);
        if (artwork.Options?.Background is Background.StoredImage)
            await pictures.DeleteInputAsync(artwork.Id, StoredInput.Background, cancellationToken);
        await artworks.DeleteAsync(artwork, cancellationToken);
        if (!artwork.Status.IsTerminal()) await admission.LeaveAsync(artwork, cancellationToken);
    }
}
