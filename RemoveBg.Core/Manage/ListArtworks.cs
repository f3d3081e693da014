using System.Globalization;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Lists a key's own artworks, newest first.</summary>
public sealed class ListArtworks(ArtworkTable artworks, ArtworkViews views)
{
    private const int DefaultLimit = 20, LargestLimit = 100;

    /// <summary>Records read at once, and per page at most, so that a filter by a rare status does not read all
    /// records.</summary>
    private const int Batch = 100, MostRead = 1000;

    /// <exception cref="ApiException">400, naming every invalid parameter.</exception>
    public async Task<ArtworkPage> ListAsync(ApiKey key, string? limit, string? cursor, string? status,
        CancellationToken cancellationToken)
    {
        var (take, after, only) = Parse(limit, cursor, status);
        var items = new List<Artwork>();
        Guid? last = null;
        var read = 0;
        await foreach (var chunk
            in ChunksAsync(artworks.NewestOfAsync(key.Id, after, cancellationToken), Batch, cancellationToken))
        {
            var found = await Task.WhenAll(chunk.Select(id => artworks.FindAsync(id, cancellationToken)));
            for (var i = 0; i < chunk.Count; i++)
            {
                // The page is full and one more exists: end it at the last one.
                if (items.Count == take) return await PageAsync(items, last, cancellationToken);
                last = chunk[i];
                if (found[i] is { } artwork && artwork.KeyId == key.Id && (only is null || artwork.Status == only))
                    items.Add(artwork);
            }
            read += chunk.Count;
            if (read >= MostRead) return await PageAsync(items, last, cancellationToken);
        }
        return await PageAsync(items, null, cancellationToken);
    }

    private async Task<ArtworkPage> PageAsync(List<Artwork> items, Guid? next, CancellationToken cancellationToken)
    {
        var shown = new List<ArtworkView>(items.Count);
        foreach (var item in items) shown.Add(await views.OfAsync(item, cancellationToken));
        return new(shown, next?.ToString("N"));
    }

    /// <exception cref="ApiException">400, naming every invalid parameter.</exception>
    internal static (int Take, Guid? After, ArtworkStatus? Only) Parse(string? limit, string? cursor, string? status)
    {
        var problems = new List<string>();
        var take = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out take)
            || take is < 1 or > LargestLimit))
            problems.Add($"limit must be a whole number from 1 to {LargestLimit}.");
        Guid? after = null;
        if (cursor is not null)
        {
            if (Guid.TryParseExact(cursor, "N", out var id)) after = id;
            else problems.Add("cursor must be the nextCursor of an earlier page.");
        }
        ArtworkStatus? only = null;
        if (status is not null)
        {
            if (ArtworkStatuses.TryParse(status, out var parsed)) only = parsed;
            else problems.Add($"status must be one of {string.Join(", ", ArtworkStatuses.Words)}.");
        }
        return problems.Count == 0 ? (take, after, only) : throw ApiException.BadRequest(string.Join(" ", problems));
    }

    private static async IAsyncEnumerable<List<Guid>> ChunksAsync(
        IAsyncEnumerable<Guid> ids, int size,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var chunk = new List<Guid>(size);
        await foreach (var id in ids.WithCancellation(cancellationToken))
        {
            chunk.Add(id);
            if (chunk.Count < size) continue;
            yield return chunk;
            chunk = new(size);
        }
        if (chunk.Count > 0) yield return chunk;
    }
}
