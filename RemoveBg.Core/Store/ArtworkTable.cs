using System.Globalization;
using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Store;

/// <summary>Stores the artworks' records in Azure Table Storage.</summary>
/// <remarks>The partition is the last hex digit of the id, so that 16 partitions share the load (2,000 entities/s
/// each). Rows: <c>artwork_{id}</c>, the record; <c>dueat_{time}_{id}</c>, which exists while something is left to do
/// and sorts by the time at which it is due, so that the sweeper reads overdue work only; <c>delivery_{id}_{n}</c>, one
/// per webhook attempt; <c>waits_{key}</c> while artworks of that key wait for a permit. Rows of one artwork change
/// together, in one entity group transaction. A second table lists each key's artworks, newest first.</remarks>
public sealed class ArtworkTable(StorageClients storage)
{
    /// <summary>The table that lists each key's artworks; <see cref="Admission"/> keeps its permits there.</summary>
    internal const string ByKey = "artworksbykey";

    private const string RecordPrefix = "artwork_", DuePrefix = "dueat_", DeliveryPrefix = "delivery_",
        WaitingPrefix = "waits_";

    /// <summary>Prefix of the rows of earlier versions, <c>due_{id}</c>, which do not sort by time.</summary>
    private const string UnsortedDuePrefix = "due_";

    /// <summary>Bounds the records in memory: each may have two URLs of 8,192 characters.</summary>
    private const int RecordsPerPage = 100;

    private readonly TableClient _rows = storage.Table("artworks");
    private readonly TableClient _byKey = storage.Table(ByKey);

    public static IReadOnlyList<string> Partitions { get; } =
        [.. Enumerable.Range(0, 16).Select(digit => digit.ToString("x"))];

    /// <returns>The stored artwork, or null if one with this id exists.</returns>
    public async Task<Artwork?> TryCreateAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        artwork = artwork with { DueRow = DueRowOf(artwork) };
        var written = await _rows.TrySubmitAsync(
        [
            new(TableTransactionActionType.Add, Record(artwork)),
            new(TableTransactionActionType.UpsertReplace, Due(artwork)),
        ], cancellationToken);
        return written is { } etag ? artwork with { ETag = etag } : null;
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
    public Task<Artwork?> TryUpdateAsync(Artwork read, Artwork changed, CancellationToken cancellationToken,
        WebhookDelivery? delivery = null) =>
        TryWriteAsync(read, changed, delivery is null ? null : ArtworkEntity.From(delivery, Partition(changed.Id),
            $"{DeliveryPrefix}{changed.Id:N}_{delivery.Number:D6}"), cancellationToken);

    /// <summary>Lets an artwork wait for a permit, as <see cref="TryUpdateAsync"/> does; from now on the sweeper looks
    /// after its key instead.</summary>
    public Task<Artwork?> TryLetWaitAsync(Artwork read, CancellationToken cancellationToken) =>
        TryWriteAsync(read, read.LetWait(), new(Partition(read.Id), WaitingPrefix + read.KeyId)
        {
            ["ConcurrentJobs"] = read.ConcurrentJobs,
        }, cancellationToken);

    /// <summary>Deletes the rows of artworks, all of one partition. Permits and list entries are <see
    /// cref="Admission.ForgetAsync"/>'s.</summary>
    public async Task DeleteAsync(IReadOnlyList<Artwork> artworks, CancellationToken cancellationToken)
    {
        if (artworks.Count == 0) return;
        var partition = Partition(artworks[0].Id);
        var ids = artworks.Select(artwork => artwork.Id.ToString("N")).Order(StringComparer.Ordinal).ToList();
        var wanted = ids.ToHashSet();
        // Deliveries first: they can only be found while the record exists.
        var rows = new List<TableEntity>();
        await foreach (var row in Between(partition, $"{DeliveryPrefix}{ids[0]}_", $"{DeliveryPrefix}{ids[^1]}`",
            cancellationToken))
            if (wanted.Contains(row.RowKey.Substring(DeliveryPrefix.Length, ids[0].Length)))
                rows.Add(new(partition, row.RowKey));
        foreach (var artwork in artworks)
            if (artwork.DueRow is { } due) rows.Add(new(partition, due));
        rows.AddRange(ids.Select(id => new TableEntity(partition, RecordPrefix + id)));
        await _rows.DeleteAllAsync(rows, cancellationToken);
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

    /// <summary>Lists the artworks of a partition whose <see cref="Artwork.DueAt"/> has passed, the longest overdue
    /// first, and then those for which it is later than a host with a right clock sets it. Reads nothing of the
    /// others.</summary>
    /// <param name="partition">One of <see cref="Partitions"/>.</param>
    /// <param name="now">The time.</param>
    /// <param name="latest">Latest legal time of an artwork that has not ended.</param>
    /// <param name="latestEnded">Latest legal time of one whose webhook is to be delivered.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    public IAsyncEnumerable<Artwork> OverdueAsync(string partition, DateTimeOffset now, DateTimeOffset latest,
        DateTimeOffset latestEnded, CancellationToken cancellationToken) =>
        DueAsync(Range(partition, DuePrefix, DuePrefix + Sortable(now.AddMilliseconds(1))), cancellationToken)
            .Concat(DueAsync(Range(partition, DuePrefix + Sortable(latest), After(DuePrefix)) + " and "
                + TableClient.CreateQueryFilter($"(HasEnded eq false or DueAt gt {latestEnded})"), cancellationToken));

    /// <summary>Lists the artworks of a partition that an earlier version wrote and that are due at any time. Writing
    /// the record again replaces their rows, so that none is found twice.</summary>
    public IAsyncEnumerable<Artwork> DueUnsortedAsync(string partition, CancellationToken cancellationToken) =>
        DueAsync(Range(partition, UnsortedDuePrefix, After(UnsortedDuePrefix)), cancellationToken);

    /// <summary>Lists the keys whose artworks wait for a permit.</summary>
    internal async Task<IReadOnlyList<WaitingKey>> WaitingKeysAsync(CancellationToken cancellationToken)
    {
        var rows = await Task.WhenAll(Partitions.Select(async partition => await Between(partition, WaitingPrefix,
            After(WaitingPrefix), cancellationToken).ToListAsync(cancellationToken)));
        return
        [
            .. from row in rows.SelectMany(all => all)
                group row by row.RowKey[WaitingPrefix.Length..] into key
                orderby key.Key
                // Each partition has a row; the number of permits may have changed between two of them.
                select new WaitingKey(key.Key, key.MaxBy(row => row.Timestamp)!.GetInt32("ConcurrentJobs")!.Value,
                    [.. key]),
        ];
    }

    /// <summary>Deletes a key from the list of those whose artworks wait, unless one more has come since.</summary>
    internal async Task ForgetAsync(WaitingKey key, CancellationToken cancellationToken)
    {
        foreach (var row in key.Rows) await _rows.TryDeleteAsync(row, cancellationToken);
    }

    /// <summary>Lists the artworks of a partition created before <paramref name="cutoff"/>, oldest first, in pages. Ids
    /// sort by time, so only these are read.</summary>
    public async IAsyncEnumerable<IReadOnlyList<Artwork>> CreatedBeforeAsync(string partition, DateTimeOffset cutoff,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = RecordPrefix + Guid.CreateVersion7(cutoff).ToString("N")[..12];
        await foreach (var page in Between(partition, RecordPrefix, end, cancellationToken, RecordsPerPage).AsPages()
            .WithCancellation(cancellationToken))
            yield return
            [
                .. page.Values.Select(row => ArtworkEntity.Read(row,
                    Guid.ParseExact(row.RowKey.AsSpan(RecordPrefix.Length), "N"), row.ETag)),
            ];
    }

    /// <summary>Lists all artworks of a key, in no particular order, those without a row in its list too. Reads the
    /// whole table: for rare commands only.</summary>
    public async IAsyncEnumerable<Artwork> OfKeyAsync(string keyId,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var partition in Partitions)
        {
            var filter = Range(partition, RecordPrefix, "artwork`") + " and "
                + TableClient.CreateQueryFilter($"KeyId eq {keyId}");
            await foreach (var row in _rows.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
                yield return ArtworkEntity.Read(row, Guid.ParseExact(row.RowKey.AsSpan(RecordPrefix.Length), "N"),
                    row.ETag);
        }
    }

    /// <summary>Deletes a key from the list of those whose artworks wait, when none of them is left.</summary>
    internal Task ForgetKeyAsync(string keyId, CancellationToken cancellationToken) =>
        Task.WhenAll(Partitions.Select(partition => _rows.DeleteEntityAsync(partition, WaitingPrefix + keyId,
            cancellationToken: cancellationToken)));

    /// <summary>The artwork's row in its key's list; written together with its permit.</summary>
    internal static TableEntity ListEntry(Artwork artwork) =>
        new(artwork.KeyId, NewestFirst(artwork.Id)) { ["Id"] = artwork.Id };

    private static TableEntity Record(Artwork artwork) =>
        ArtworkEntity.From(artwork, Partition(artwork.Id), RecordPrefix + artwork.Id.ToString("N"));

    private static TableEntity Due(Artwork artwork) =>
        new(Partition(artwork.Id), artwork.DueRow)
        {
            ["DueAt"] = artwork.DueAt,
            ["HasEnded"] = artwork.Status.IsTerminal(),
        };

    private static string? DueRowOf(Artwork artwork) =>
        artwork.DueAt is { } at ? $"{DuePrefix}{Sortable(at)}_{artwork.Id:N}" : null;

    private static string Sortable(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture);

    /// <summary>The first name after all that begin with this prefix, which ends with an underscore.</summary>
    private static string After(string prefix) => prefix[..^1] + '`';

    /// <param name="read">The artwork as read.</param>
    /// <param name="changed">The artwork as it shall be.</param>
    /// <param name="with">A row of the same partition to write with it.</param>
    /// <param name="cancellationToken">Cancels the storage call.</param>
    private async Task<Artwork?> TryWriteAsync(Artwork read, Artwork changed, TableEntity? with,
        CancellationToken cancellationToken)
    {
        changed = changed with { DueRow = DueRowOf(changed) };
        var actions = new List<TableTransactionAction> { new(TableTransactionActionType.UpdateReplace, Record(changed),
            read.ETag) };
        if (changed.DueRow is not null) actions.Add(new(TableTransactionActionType.UpsertReplace, Due(changed)));
        if (read.DueRow is { } earlier && earlier != changed.DueRow)
            actions.Add(new(TableTransactionActionType.Delete, new TableEntity(Partition(read.Id), earlier), ETag.All));
        if (with is not null) actions.Add(new(TableTransactionActionType.UpsertReplace, with));
        return await _rows.TrySubmitAsync(actions, cancellationToken) is { } etag ? changed with { ETag = etag } : null;
    }

    private async IAsyncEnumerable<Artwork> DueAsync(string filter,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in _rows.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            var id = Guid.ParseExact(row.RowKey.AsSpan(row.RowKey.Length - 32), "N");
            if (await FindAsync(id, cancellationToken) is { } artwork && artwork.DueRow == row.RowKey)
                yield return artwork;
            // The artwork was deleted or changed meanwhile; or, during an upgrade, an earlier version has changed it,
            // which does not know these rows.
            else await _rows.TryDeleteAsync(row, cancellationToken);
        }
    }

    private AsyncPageable<TableEntity> Between(string partition, string from, string to,
        CancellationToken cancellationToken, int? perPage = null) =>
        _rows.QueryAsync<TableEntity>(Range(partition, from, to), perPage, cancellationToken: cancellationToken);

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

    /// <summary>A key whose artworks wait for a permit.</summary>
    /// <param name="KeyId">The key.</param>
    /// <param name="ConcurrentJobs">Its number of permits, as the artwork knew it that was last to wait.</param>
    /// <param name="Rows">The rows that say so, as read.</param>
    internal sealed record WaitingKey(string KeyId, int ConcurrentJobs, IReadOnlyList<TableEntity> Rows);
}
