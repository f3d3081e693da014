using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Access;

/// <summary>Stores API keys in Table Storage, so that adding, rotating and disabling them needs no redeployment. The
/// row key is the hash.</summary>
public sealed class ApiKeyTable(StorageClients storage, TimeProvider clock)
{
    /// <summary>Longest time until a change in storage takes effect.</summary>
    public static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(5);

    private const string Partition = "key";
    private readonly TableClient _rows = storage.Table("keys");

    /// <summary>Known keys only: unknown keys are never cached. With timestamps of the monotonic clock, so that a step
    /// of the date cannot keep a disabled key alive.</summary>
    private readonly ConcurrentDictionary<string, (ApiKey Key, long ReadAt)> _cache = new();

    /// <summary>Whether this instance has found the key before.</summary>
    public bool HasFound(byte[] hash) => _cache.ContainsKey(Convert.ToHexStringLower(hash));

    public async Task<ApiKey?> FindAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var row = Convert.ToHexStringLower(hash);
        if (_cache.TryGetValue(row, out var cached) && clock.GetElapsedTime(cached.ReadAt) < CacheTime)
            return cached.Key;

        var readAt = clock.GetTimestamp();
        var found =
            await _rows.GetEntityIfExistsAsync<TableEntity>(Partition, row, cancellationToken: cancellationToken);
        if (!found.HasValue)
        {
            _cache.TryRemove(row, out _);
            return null;
        }

        var key = Read(found.Value!);
        _cache[row] = (key, readAt);
        return key;
    }

    /// <summary>Lists all keys, in no particular order, for operators.</summary>
    public async IAsyncEnumerable<ApiKey> AllAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in _rows.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {Partition}"), cancellationToken: cancellationToken))
            yield return Read(row);
    }

    /// <summary>Creates or changes a key; its use stays.</summary>
    public async Task PutAsync(ApiKey key, CancellationToken cancellationToken) =>
        await _rows.UpsertEntityAsync(Row(key), TableUpdateMode.Merge, cancellationToken);

    /// <summary>Creates or changes a key with all that belongs to it: its use too, and an expiry that it had and does
    /// not have now goes.</summary>
    public async Task ReplaceAsync(ApiKey key, CancellationToken cancellationToken)
    {
        var row = Row(key);
        row["Uses"] = key.Uses;
        if (key.LastUsedAt is { } last) row["LastUsedAt"] = last;
        await _rows.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
    }

    private static TableEntity Row(ApiKey key)
    {
        var entity = new TableEntity(Partition, Convert.ToHexStringLower(key.Hash))
        {
            ["Id"] = key.Id,
            ["Name"] = key.Name,
            ["IsEnabled"] = key.IsEnabled,
            ["Scopes"] = string.Join(' ', key.Scopes),
            ["RatePerMinute"] = key.RatePerMinute,
            ["Burst"] = key.Burst,
            ["ConcurrentJobs"] = key.ConcurrentJobs,
        };
        if (key.ExpiresAt is { } expires) entity["ExpiresAt"] = expires;
        return entity;
    }

    public async Task DeleteAsync(ApiKey key, CancellationToken cancellationToken) =>
        await _rows.DeleteEntityAsync(Partition, Convert.ToHexStringLower(key.Hash), ETag.All, cancellationToken);

    /// <summary>Adds to the use of a key that other instances count too. Does nothing if it has been deleted.</summary>
    /// <returns>False if other instances were faster each time.</returns>
    internal async Task<bool> TryAddUsesAsync(byte[] hash, long uses, DateTimeOffset lastUsedAt,
        CancellationToken cancellationToken)
    {
        const int tries = 4;
        var row = Convert.ToHexStringLower(hash);
        for (var tried = 0; tried < tries; tried++)
        {
            var found = await _rows.GetEntityIfExistsAsync<TableEntity>(Partition, row, ["Uses", "LastUsedAt"],
                cancellationToken);
            if (!found.HasValue) return true;
            var before = found.Value!;
            var last = before.GetDateTimeOffset("LastUsedAt") is { } other && other > lastUsedAt ? other : lastUsedAt;
            var changed = new TableEntity(Partition, row)
            {
                ["Uses"] = (before.GetInt64("Uses") ?? 0) + uses, ["LastUsedAt"] = last,
            };
            if (await _rows.TryUpdateAsync(changed, before.ETag, TableUpdateMode.Merge, cancellationToken) is not null)
                return true;
        }
        return false;
    }

    private static ApiKey Read(TableEntity entity) => new(
        entity.GetString("Id"),
        entity.GetString("Name") ?? "",
        Convert.FromHexString(entity.RowKey),
        entity.GetBoolean("IsEnabled") ?? false,
        entity.GetDateTimeOffset("ExpiresAt"),
        (entity.GetString("Scopes") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
        entity.GetInt32("RatePerMinute") ?? 60,
        entity.GetInt32("Burst") ?? 10,
        entity.GetInt32("ConcurrentJobs") ?? ApiKey.DefaultConcurrentJobs)
    {
        LastUsedAt = entity.GetDateTimeOffset("LastUsedAt"),
        Uses = entity.GetInt64("Uses") ?? 0,
    };
}
