using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Store;

/// <summary>Stores the artworks' records in Azure Table Storage.</summary>
/// <remarks>The partition is the last hex digit of the id, so that 16 partitions share the load (2,000 entities/s
/// each). Rows: <c>artwork_{id}</c>, the record; <c>due_{id}</c>, which exists while something is left to do, so that
/// the sweeper reads open work only; <c>delivery_{id}_{n}</c>, one per webhook attempt. Rows of one artwork change
/// together, in one entity group transaction. A second table lists each key's artworks, newest first.</remarks>
public sealed class ArtworkTable(StorageClients storage)
{
    /// <summary>The table that lists each key's artworks; <see cref="Admission"/> keeps its permits there.</summary>
    internal const string ByKey = "artworksbykey";

    private const string RecordPrefix = "artwork_", DuePrefix = "due_", DeliveryPrefix = "delivery_";
    private static readonly string[] Partitions = [.. Enumerable.Range(0, 16).Select(digit => digit.ToString("x"))];
    private readonly TableClient _rows = storage.Table("artworks");
    private readonly TableClient _byKey = storage.Table(ByKey);

    /// <returns>The stored artwork, or null if one with this id exists.</returns>
    public async Task<Artwork?> TryCreateAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        try
        {
            var written = await _rows.SubmitTransactionAsync(
            [
                new(TableTransactionActionType.Add, Record(artwork)),
                new(TableTransactionActionType.UpsertReplace, Due(artwork)),
            ], cancellationToken);
            return artwork with { ETag = written.Value[0].Headers.ETag!.Value };
        }
        catch (RequestFailedException problem) when (problem.Status == 409)
        {
            return null;
        }
    }

    public async Task<Artwork?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var found = await _rows.GetEntityIfExistsAsync<TableEntity>(Partition(id), RecordPrefix + id.ToString("N"),
            cancellationToken: cancellationToken);
        return found.HasValue ? ArtworkEntity.Read(found.Value!, id, found.Value!.ETag) : null;
    }

    /// <summary>Writes <paramref name="changed"/> unless the record has changed since <paramref
    /// name="read"/>.</summary>
    /// <returns>The stored artwork, or null if the record has changed or has been deleted: read it again and
    /// re-decide.</returns>
    public async Task<Artwork?> TryUpdateAsync(Artwork read, Artwork changed, CancellationToken cancellationToken,
        WebhookDelivery? delivery = null)
    {
        var actions = new List<TableTransactionAction> { new(TableTransactionActionType.UpdateReplace, Record(changed),
            read.ETag) };
        if (changed.DueAt is not null) actions.Add(new(TableTransactionActionType.UpsertReplace, Due(changed)));
        else if (read.DueAt is not null) actions.Add(new(TableTransactionActionType.Delete, Due(read), ETag.All));
        if (delivery is not null)
            actions.Add(new(TableTransactionActionType.UpsertReplace,
                ArtworkEntity.From(delivery, Partition(changed.Id),
                    $"{DeliveryPrefix}{changed.Id:N}_{delivery.Number:D6}")));
        try
        {
            var written = await _rows.SubmitTransactionAsync(actions, cancellationToken);
            return changed with { ETag = written.Value[0].Headers.ETag!.Value };
        }
        catch (RequestFailedException problem) when (problem.Status is 412 or 404)
        {
            return null;
        }
    }

    public async Task DeleteAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        var id = artwork.Id.ToString("N");
        // Deliveries first: they can only be found while the record exists.
        await foreach (var row
            in Between(Partition(artwork.Id), $"{DeliveryPrefix}{id}_", $"{DeliveryPrefix}{id}`", cancellationToken))
            await _rows.DeleteEntityAsync(row, ETag.All, cancellationToken);
        await _rows.DeleteEntityAsync(Partition(artwork.Id), DuePrefix + id, ETag.All, cancellationToken);
        await _rows.DeleteEntityAsync(Partition(artwork.Id), RecordPrefix + id, ETag.All, cancellationToken);
        await _byKey.DeleteEntityAsync(artwork.KeyId, NewestFirst(artwork.Id), ETag.All, cancellationToken);
    }

    public async Task<IReadOnlyList<WebhookDelivery>> DeliveriesAsync(Guid id, CancellationToken cancellationToken)
    {
        var deliveries = new List<WebhookDelivery>();
        await foreach (var row
            in Between(Partition(id), $"{DeliveryPrefix}{id:N}_", $"{DeliveryPrefix}{id:N}`", cancellationToken))
            deliveries.Add(ArtworkEntity.ReadDelivery(row));
        return deliveries;
    }

    /// <summary>Lists the ids of a key's artworks, newest first, starting after <paramref name="after"/>.</summary>
    public async IAsyncEnumerable<Guid> NewestOfAsync(string keyId, Guid? after,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Row keys are hexadecimal; those of permits begin with other letters.
        var from = after is { } last ? NewestFirst(last) : "";
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {keyId} and RowKey gt {from} and RowKey lt {"g"}");
        await foreach (var row
            in _byKey.QueryAsync<TableEntity>(filter, select: ["Id"], cancellationToken: cancellationToken))
            if (row.GetGuid("Id") is { } id) yield return id;
    }

    /// <summary>Lists the ids of all artworks whose <see cref="Artwork.DueAt"/> has passed, or is later than a host
    /// with a right clock sets it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="latest">Latest legal time of an artwork that has not ended.</param>
    /// <param name="latestEnded">Latest legal time of one whose webhook is to be delivered.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    public async IAsyncEnumerable<Guid> OverdueAsync(DateTimeOffset now, DateTimeOffset latest,
        DateTimeOffset latestEnded,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var partition in Partitions)
        {
            var filter =
                Range(partition, DuePrefix, "due`") + " and " + TableClient.CreateQueryFilter(
                    $"(DueAt le {now} or DueAt gt {latestEnded} or (HasEnded eq false and DueAt gt {latest}))");
            await foreach (var row
                in _rows.QueryAsync<TableEntity>(filter, select: ["RowKey"], cancellationToken: cancellationToken))
                yield return Guid.ParseExact(row.RowKey.AsSpan(DuePrefix.Length), "N");
        }
    }

    /// <summary>Lists artworks created before <paramref name="cutoff"/>. Ids sort by time, so only these are
    /// read.</summary>
    public async IAsyncEnumerable<Artwork> CreatedBeforeAsync(DateTimeOffset cutoff,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = RecordPrefix + Guid.CreateVersion7(cutoff).ToString("N")[..12];
        foreach (var partition in Partitions)
            await foreach (var row in Between(partition, RecordPrefix, end, cancellationToken))
                yield return ArtworkEntity.Read(row, Guid.ParseExact(row.RowKey.AsSpan(RecordPrefix.Length), "N"),
                    row.ETag);
    }

    /// <summary>The artwork's row in its key's list; written together with its permit.</summary>
    internal static TableEntity ListEntry(Artwork artwork) =>
        new(artwork.KeyId, NewestFirst(artwork.Id)) { ["Id"] = artwork.Id };

    private static TableEntity Record(Artwork artwork) =>
        ArtworkEntity.From(artwork, Partition(artwork.Id), RecordPrefix + artwork.Id.ToString("N"));

    private static TableEntity Due(Artwork artwork) =>
        new(Partition(artwork.Id), DuePrefix + artwork.Id.ToString("N")) { ["DueAt"] = artwork.DueAt,
            ["HasEnded"] = artwork.Status.IsTerminal() };

    private AsyncPageable<TableEntity> Between(string partition, string from, string to,
        CancellationToken cancellationToken) =>
        _rows.QueryAsync<TableEntity>(Range(partition, from, to), cancellationToken: cancellationToken);

    private static string Range(string partition, string from, string to) =>
        TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {from} and RowKey lt {to}");

    private static string Partition(Guid id) => id.ToString("N")[^1..];

    /// <summary>Inverts the bits of the id: version 7 ids grow with time, so the newest sorts first.</summary>
    private static string NewestFirst(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        foreach (ref var b in bytes) b = (byte)~b;
        return Convert.ToHexStringLower(bytes);
    }
}
