using Azure.Data.Tables;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Access;

/// <summary>A row of the audit log: an action on an API key.</summary>
/// <param name="At">When it began.</param>
/// <param name="Who">The operator, <c>user@machine</c>.</param>
/// <param name="Action">One of <see cref="AuditAction"/>.</param>
/// <param name="KeyId">The API key.</param>
/// <param name="KeyName">Its name then.</param>
/// <param name="Detail">For people; never a secret.</param>
public sealed record AuditEntry(DateTimeOffset At, string Who, string Action, string KeyId, string KeyName,
    string Detail);

/// <summary>Actions in the audit log. Stored: add, never rename.</summary>
public static class AuditAction
{
    public const string Add = "add", Rotate = "rotate", RotateWebhookSecret = "rotate-webhook-secret",
        Disable = "disable", Enable = "enable", Delete = "delete", Erase = "erase", Export = "export",
        Import = "import";
}

/// <summary>The audit log of API keys. Rows are only ever added, each before its action: what was done is recorded,
/// even if it was interrupted.</summary>
public sealed class AuditTable(StorageClients storage, TimeProvider clock)
{
    private const string Partition = "audit";
    private readonly TableClient _rows = storage.Table("audit");

    public async Task AddAsync(string who, string action, string keyId, string keyName, string detail,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // Version 7 ids sort by time.
        var row = new TableEntity(Partition, Guid.CreateVersion7(now).ToString("N"))
        {
            ["At"] = now, ["Who"] = who, ["Action"] = action, ["KeyId"] = keyId, ["KeyName"] = keyName,
            ["Detail"] = detail,
        };
        if (await _rows.TryAddAsync(row, cancellationToken) is null)
            throw new InvalidOperationException("The entry of the audit log could not be written.");
    }

    /// <summary>Lists the entries, oldest first.</summary>
    /// <param name="key">Id or name of an API key; null for all.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    public async IAsyncEnumerable<AuditEntry> ListAsync(string? key,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var filter = key is null ? TableClient.CreateQueryFilter($"PartitionKey eq {Partition}")
            : TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and (KeyId eq {key} or KeyName eq {key})");
        await foreach (var row in _rows.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
            yield return new(row.GetDateTimeOffset("At")!.Value, row.GetString("Who"), row.GetString("Action"),
                row.GetString("KeyId"), row.GetString("KeyName"), row.GetString("Detail"));
    }
}
