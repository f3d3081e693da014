using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Tests.Given;

/// <summary>Copies an artwork's rows as they are stored, many times, with transactions of 100 rows: as many submissions
/// would take hours.</summary>
internal static class CopiedArtworks
{
    private const int RowsPerTransaction = 100;

    /// <param name="storage">Connection string.</param>
    /// <param name="original">Has no permit of its own; its rows are copied with all they say.</param>
    /// <param name="count">Number of copies, created one millisecond after the other.</param>
    /// <param name="partition">Last digit of the copies' ids; null for all digits alike.</param>
    /// <returns>The copies' ids.</returns>
    public static async Task<IReadOnlyList<Guid>> MakeAsync(string storage, Artwork original, int count,
        char? partition = null)
    {
        var (rows, byKey) = (new TableClient(storage, "artworks"), new TableClient(storage, ArtworkTable.ByKey));
        var from = original.Id.ToString("N");
        var stored = await rows.QueryAsync<TableEntity>(row => row.PartitionKey == from.Substring(31)).ToListAsync();
        var own = stored.Where(row => row.RowKey.Contains(from, StringComparison.Ordinal)).ToList();
        var waits = stored.Where(row => row.RowKey == "waits_" + original.KeyId).ToList();
        var entries = await byKey.QueryAsync<TableEntity>(row => row.PartitionKey == original.KeyId
            && (row.RowKey == ArtworkTable.ListEntry(original).RowKey || row.RowKey == "wait_" + from)).ToListAsync();

        List<Guid> ids = [.. Enumerable.Range(0, count).Select(number => Id(original.CreatedAt, number, partition))];
        await WriteAsync(byKey, ids.SelectMany(id => entries.Select(row => Copy(row, original.Id, id))));
        foreach (var digit in ids.GroupBy(id => id.ToString("N")[^1..]))
            await WriteAsync(rows, waits.Select(row => new TableEntity(row) { PartitionKey = digit.Key })
                .Concat(digit.SelectMany(id => own.Select(row => Copy(row, original.Id, id)))));
        return ids;
    }

    private static Guid Id(DateTimeOffset createdAt, int number, char? partition)
    {
        var id = Guid.CreateVersion7(createdAt.AddMilliseconds(number + 1)).ToString("N");
        return Guid.ParseExact(id[..^1] + (partition?.ToString() ?? (number % 16).ToString("x", null)), "N");
    }

    private static TableEntity Copy(TableEntity row, Guid from, Guid to)
    {
        var copy = new TableEntity(row);
        foreach (var (name, value) in row)
            if (value is string text) copy[name] = text.Replace($"{from:N}", $"{to:N}", StringComparison.Ordinal);
            else if (value is Guid id && id == from) copy[name] = to;
        // In its key's list it is named otherwise; in the other table the partition is the last digit.
        if (copy.ContainsKey("Id"))
            copy.RowKey = ArtworkTable.ListEntry(new Artwork { Id = to, KeyId = row.PartitionKey, ImageUrl = "",
                OutputFormat = OutputFormat.Auto, CreatedAt = default, Status = ArtworkStatus.Starting }).RowKey;
        else if (row.PartitionKey == from.ToString("N")[^1..]) copy.PartitionKey = to.ToString("N")[^1..];
        return copy;
    }

    private static async Task WriteAsync(TableClient table, IEnumerable<TableEntity> ofOnePartition)
    {
        foreach (var chunk in ofOnePartition.Chunk(RowsPerTransaction))
            await table.SubmitTransactionAsync(
                chunk.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)));
    }
}
