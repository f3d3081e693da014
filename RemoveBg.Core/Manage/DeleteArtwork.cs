using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Deletes an artwork's result, stored input and record, in this order, so that a failed deletion can be
/// repeated.</summary>
/// <remarks>A worker that still has a claim finds no record at its last write, and deletes the result that it
/// stored.</remarks>
public sealed class DeleteArtwork(ReadArtwork read, ArtworkTable artworks, Admission admission, StoredImages images)
{
    public async Task DeleteAsync(ApiKey key, string id, CancellationToken cancellationToken) =>
        await DeleteAsync(await read.FindAsync(key, id, cancellationToken), cancellationToken);

    public async Task DeleteAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        await images.DeleteResultAsync(artwork.Id, cancellationToken);
        if (artwork.HasStoredInput) await images.DeleteInputAsync(artwork.Id, StoredInput.Photo, cancellationToken);
        if (artwork.Options?.Background is Background.StoredImage)
            await images.DeleteInputAsync(artwork.Id, StoredInput.Background, cancellationToken);
        await artworks.DeleteAsync(artwork, cancellationToken);
        if (!artwork.Status.IsTerminal()) await admission.LeaveAsync(artwork, cancellationToken);
    }
}
