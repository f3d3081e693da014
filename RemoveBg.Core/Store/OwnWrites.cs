using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace RemoveBg.Core.Store;

/// <summary>Conditional writes that recognise themselves.</summary>
/// <remarks>If the response to a write gets lost, the SDK sends it again, and the condition fails because of the write
/// itself. So each write leaves an id in its row, and a failed condition is compared with it.</remarks>
internal static class OwnWrites
{
    private const string Id = "Write";

    /// <summary>Writes rows of one partition together.</summary>
    /// <param name="table">The table.</param>
    /// <param name="actions">The first one adds, updates or replaces the row that identifies the write.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    /// <returns>ETag of the first row; null if a condition failed and nothing was written.</returns>
    public static Task<ETag?> TrySubmitAsync(this TableClient table, IReadOnlyList<TableTransactionAction> actions,
        CancellationToken cancellationToken) =>
        TryAsync(table, (TableEntity)actions[0].Entity, async () =>
            (await table.SubmitTransactionAsync(actions, cancellationToken)).Value[0], cancellationToken);

    /// <summary>Adds a row unless it exists.</summary>
    /// <returns>Its ETag; null if another write has added it.</returns>
    public static Task<ETag?> TryAddAsync(this TableClient table, TableEntity row,
        CancellationToken cancellationToken) =>
        TryAsync(table, row, () => table.AddEntityAsync(row, cancellationToken), cancellationToken);

    /// <summary>Updates a row unless it has changed or has been deleted.</summary>
    /// <returns>Its ETag; null if another write was faster.</returns>
    public static Task<ETag?> TryUpdateAsync(this TableClient table, TableEntity row, ETag read, TableUpdateMode mode,
        CancellationToken cancellationToken) =>
        TryAsync(table, row, () => table.UpdateEntityAsync(row, read, mode, cancellationToken), cancellationToken);

    private static async Task<ETag?> TryAsync(TableClient table, TableEntity row, Func<Task<Response>> write,
        CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid();
        row[Id] = id;
        try
        {
            return (await write()).Headers.ETag;
        }
        catch (RequestFailedException problem)
            when (problem.Status is 404 or 409 or 412 && problem.ErrorCode != TableErrorCode.TableNotFound)
        {
            var found = await table.GetEntityIfExistsAsync<TableEntity>(row.PartitionKey, row.RowKey,
                cancellationToken: cancellationToken);
            return found.HasValue && found.Value!.GetGuid(Id) == id ? found.Value.ETag : null;
        }
    }
}
