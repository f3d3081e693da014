using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;

namespace RemoveBg.Core.Manage;

/// <summary>Deletes artworks' results, stored inputs, entries and records, in this order, so that a failed deletion can
/// be repeated.</summary>
/// <remarks>A worker that still has a claim finds no record at its last write, and deletes the result that it
/// stored.</remarks>
public sealed class DeleteArtwork(ReadArtwork read, ArtworkTable artworks, Admission admission, StoredImages images,
    IdempotencyTable idempotency)
{
    public async Task DeleteAsync(ApiKey key, string id, CancellationToken cancellationToken) =>
        await DeleteAsync(await read.FindAsync(key, id, cancellationToken), cancellationToken);

    public async Task DeleteAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        await DeleteImagesAsync(artwork, cancellationToken);
        await DeleteRowsAsync([artwork], cancellationToken);
        if (!artwork.Status.IsTerminal()) await admission.PassOnFreeAsync(artwork, cancellationToken);
    }

    public async Task DeleteImagesAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        await images.DeleteResultAsync(artwork.Id, cancellationToken);
        if (artwork.HasStoredInput) await images.DeleteInputAsync(artwork.Id, StoredInput.Photo, cancellationToken);
        if (artwork.Options?.Background is Background.StoredImage)
            await images.DeleteInputAsync(artwork.Id, StoredInput.Background, cancellationToken);
    }

    /// <summary>Deletes all rows of artworks that have one partition in common.</summary>
    public async Task DeleteRowsAsync(IReadOnlyList<Artwork> ofOnePartition, CancellationToken cancellationToken)
    {
        foreach (var artwork in ofOnePartition) await idempotency.MarkDeletedAsync(artwork, cancellationToken);
        await admission.ForgetAsync(ofOnePartition, cancellationToken);
        await artworks.DeleteAsync(ofOnePartition, cancellationToken);
    }
}
