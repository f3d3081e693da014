using Azure;
using Azure.Data.Tables;

namespace RemoveBg.Core.Store;

/// <summary>Deletes many rows with few requests.</summary>
internal static class TableDeletes
{
    /// <summary>Most changes that one transaction may contain (REST API).</summary>
    private const int MostPerTransaction = 100;

    /// <summary>Deletes rows of one partition, in this order, 100 per transaction. A row that is gone is skipped, as is
    /// one with an ETag that has changed since.</summary>
    /// <param name="table">The table.</param>
    /// <param name="rows">Each row once. One without an ETag is deleted whatever it contains.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    public static async Task DeleteAllAsync(this TableClient table, IEnumerable<TableEntity> rows,
        CancellationToken cancellationToken)
    {
        foreach (var chunk in rows.Chunk(MostPerTransaction))
        {
            try
            {
                await table.SubmitTransactionAsync(
                    chunk.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row,
                        Condition(row))), cancellationToken);
            }
            catch (RequestFailedException problem) when (problem.Status is 404 or 412)
            {
                // One such row undoes the whole transaction.
                foreach (var row in chunk) await table.TryDeleteAsync(row, cancellationToken);
            }
        }
    }

    /// <summary>Deletes a row unless it is gone or has changed.</summary>
    public static async Task TryDeleteAsync(this TableClient table, TableEntity row,
        CancellationToken cancellationToken)
    {
        try
        {
            await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, Condition(row), cancellationToken);
        }
        catch (RequestFailedException problem) when (problem.Status is 404 or 412)
        {
            // As wanted: it is no longer the row that was to be deleted.
        }
    }

    private static ETag Condition(TableEntity row) => row.ETag == default ? ETag.All : row.ETag;
}
