using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Erases result, stored input and record, in this order: as long as something is left, the owner can ask again.
/// A worker that still holds the artwork finds no record at its last write and erases what it stored.</summary>
public sealed class DeleteArtwork(ReadArtwork read, ArtworkTable artworks, Admission admission, StoredPictures pictures)
{
    public async Task Delete(ApiKey key, string id, CancellationToken cancel) => await Erase(await read.Find(key, id, cancel), cancel);

    public async Task Erase(Artwork artwork, CancellationToken cancel)
    {
        await pictures.DeleteResult(artwork.Id, cancel);
        if (artwork.HasStoredInput) await pictures.DeleteInput(artwork.Id, StoredInput.Photo, cancel);
        if (artwork.Options?.HasStoredBackground == true) await pictures.DeleteInput(artwork.Id, StoredInput.Background, cancel);
        await artworks.Delete(artwork, cancel);
        if (!artwork.Status.IsTerminal()) await admission.Leave(artwork, cancel);
    }
}
