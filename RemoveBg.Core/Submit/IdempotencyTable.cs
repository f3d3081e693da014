using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Submit;

/// <summary>Maps each API key's <c>Idempotency-Key</c> values to artworks, for 24 h.</summary>
public sealed class IdempotencyTable(StorageClients storage, TimeProvider clock)
{
    public static readonly TimeSpan Memory = TimeSpan.FromHours(24);
    private const int LongestKey = 255;
    private readonly TableClient _rows = storage.Table("idempotency");

    /// <summary>Returns the name of the row for a header's value.</summary>
    /// <exception cref="ApiException">400: malformed.</exception>
    internal static string RowOf(string header)
    {
        var text = header.Trim().Trim('"');
        if (text.Length is 0 or > LongestKey || !text.All(c => c is >= ' ' and <= '~'))
            throw ApiException.BadRequest($"Idempotency-Key must have 1 to {LongestKey} printable ASCII characters.");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    internal static ApiException Deleted() => ApiException.BadRequest(
        "Idempotency-Key belongs to an artwork that has been deleted; use a new key for a new request.");

    /// <summary>Maps an <c>Idempotency-Key</c> to an artwork unless it is mapped already.</summary>
    /// <param name="keyId">The API key.</param>
    /// <param name="row">The header's <see cref="RowOf"/>.</param>
    /// <param name="fingerprint">Fingerprint of the request.</param>
    /// <param name="proposed">Id of the artwork that the request would create.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    /// <returns><paramref name="proposed"/>, or the id that an earlier request has created.</returns>
    /// <exception cref="ApiException">400: used before with another body, or for an artwork that has been
    /// deleted.</exception>
    internal async Task<Guid> ClaimAsync(string keyId, string row, Fingerprint fingerprint, Guid proposed,
        CancellationToken cancellationToken)
    {
        var entity = new TableEntity(keyId, row)
        {
            ["ArtworkId"] = proposed,
            ["Fingerprint"] = fingerprint.Stored,
            ["CreatedAt"] = clock.GetUtcNow(),
        };
        while (true)
        {
            try
            {
                await _rows.AddEntityAsync(entity, cancellationToken);
                return proposed;
            }
            catch (RequestFailedException problem) when (problem.Status == 409)
            {
                if (await EarlierAsync(entity, fingerprint, cancellationToken) is { } id) return id;
            }
        }
    }

    /// <summary>Records that an artwork is being deleted: a request that is repeated later must not start its job
    /// again.</summary>
    internal async Task MarkDeletedAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        if (artwork.IdempotencyRow is not { } row || artwork.CreatedAt <= clock.GetUtcNow() - Memory) return;
        // The row may have expired, and be another artwork's by now.
        var found = await _rows.GetEntityIfExistsAsync<TableEntity>(artwork.KeyId, row,
            cancellationToken: cancellationToken);
        if (!found.HasValue || found.Value!.GetGuid("ArtworkId") != artwork.Id) return;
        await _rows.TryUpdateAsync(new(artwork.KeyId, row) { ["IsDeleted"] = true }, found.Value.ETag,
            TableUpdateMode.Merge, cancellationToken);
    }

    /// <summary>Deletes rows older than <see cref="Memory"/>.</summary>
    /// <param name="isOver">Whether to leave the rest to the next time.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    /// <returns>Number of deleted rows.</returns>
    public async Task<int> DeleteExpiredAsync(Func<bool> isOver, CancellationToken cancellationToken)
    {
        var deleted = 0;
        var filter = TableClient.CreateQueryFilter($"CreatedAt lt {clock.GetUtcNow() - Memory}");
        await foreach (var page in _rows.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken)
            .AsPages().WithCancellation(cancellationToken))
        {
            foreach (var key in page.Values.GroupBy(row => row.PartitionKey))
                await _rows.DeleteAllAsync(key, cancellationToken);
            deleted += page.Values.Count;
            if (isOver()) break;
        }
        return deleted;
    }

    /// <summary>Lists the artworks to which a key's rows map.</summary>
    internal async IAsyncEnumerable<Guid> ArtworksOfAsync(string keyId,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in OfAsync(keyId, cancellationToken)) yield return row.GetGuid("ArtworkId")!.Value;
    }

    /// <summary>Deletes a key's rows.</summary>
    /// <returns>Number of deleted rows.</returns>
    internal async Task<int> DeleteOfAsync(string keyId, CancellationToken cancellationToken)
    {
        var deleted = 0;
        await foreach (var row in OfAsync(keyId, cancellationToken))
        {
            await _rows.DeleteEntityAsync(row, ETag.All, cancellationToken);
            deleted++;
        }
        return deleted;
    }

    private AsyncPageable<TableEntity> OfAsync(string keyId, CancellationToken cancellationToken) =>
        _rows.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {keyId}"),
            cancellationToken: cancellationToken);

    private async Task<Guid?> EarlierAsync(TableEntity row, Fingerprint fingerprint,
        CancellationToken cancellationToken)
    {
        var found = await _rows.GetEntityIfExistsAsync<TableEntity>(row.PartitionKey, row.RowKey,
            cancellationToken: cancellationToken);
        if (!found.HasValue) return null;
        var earlier = found.Value!;
        if (earlier.GetDateTimeOffset("CreatedAt") <= clock.GetUtcNow() - Memory)
        {
            await _rows.TryDeleteAsync(earlier, cancellationToken);
            return null;
        }
        if (!fingerprint.Matches(earlier.GetString("Fingerprint")))
            throw ApiException.BadRequest(
                "Idempotency-Key was used within the last 24 h with another body; use a new key for a new request.");
        if (earlier.GetBoolean("IsDeleted") == true) throw Deleted();
        return earlier.GetGuid("ArtworkId");
    }
}
