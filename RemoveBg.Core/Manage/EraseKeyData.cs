using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;

namespace RemoveBg.Core.Manage;

/// <summary>Erases all that an API key's requests have left: records, results, inputs, deliveries, lists, permits,
/// idempotency keys and its rate. The key itself stays.</summary>
/// <remarks>Every step finds its work in storage and deletes what it found, so an interrupted run is finished by
/// the next one. The worker of an erased artwork finds no record and deletes its result.</remarks>
public sealed class EraseKeyData(ArtworkTable artworks, Admission admission, StoredImages images, DeleteArtwork delete,
    IdempotencyTable idempotency, RateLimit rates, TimeProvider clock)
{
    /// <summary>Artworks that are handled at once.</summary>
    private const int Batch = 16;

    /// <returns>Number of artworks erased.</returns>
    public async Task<int> EraseAsync(string keyId, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = Batch, CancellationToken = cancellationToken };

        // 1. End what is open, newest first: those that wait for a permit end before one becomes free for them.
        await Parallel.ForEachAsync(artworks.NewestOfAsync(keyId, after: null, cancellationToken), options,
            async (id, stop) => await EndAsync(id, stop));

        // 2. Delete inputs whose submission died before it wrote a record.
        await Parallel.ForEachAsync(idempotency.ArtworksOfAsync(keyId, cancellationToken), options, async (id, stop) =>
        {
            if (await artworks.FindAsync(id, stop) is not null) return;
            await images.DeleteInputAsync(id, StoredInput.Photo, stop);
            await images.DeleteInputAsync(id, StoredInput.Background, stop);
        });

        // 3. Delete every artwork, whether its key's list has it or not.
        var erased = 0;
        await Parallel.ForEachAsync(artworks.OfKeyAsync(keyId, cancellationToken), options, async (artwork, stop) =>
        {
            await delete.DeleteAsync(artwork, stop);
            Interlocked.Increment(ref erased);
        });

        // 4. Delete the key's other rows.
        await admission.DeleteOrphansAsync(keyId, cancellationToken);
        await artworks.ForgetKeyAsync(keyId, cancellationToken);
        await idempotency.DeleteOfAsync(keyId, cancellationToken);
        await rates.DeleteAsync(keyId, cancellationToken);
        return erased;
    }

    /// <summary>Cancels an artwork without announcing it: its record is about to go.</summary>
    private async Task EndAsync(Guid id, CancellationToken cancellationToken)
    {
        while (await artworks.FindAsync(id, cancellationToken) is { } artwork && !artwork.Status.IsTerminal())
        {
            if (await artworks.TryUpdateAsync(artwork, artwork.Cancel(clock.GetUtcNow()), cancellationToken)
                is { } canceled) await admission.LeaveAsync(canceled, cancellationToken);
        }
    }
}
