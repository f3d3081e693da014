using System.Collections.Concurrent;
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

    public async Task PutAsync(ApiKey key, CancellationToken cancellationToken)
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
        await _rows.UpsertEntityAsync(entity, TableUpdateMode.Replace, cancellationToken);
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
        entity.GetInt32("ConcurrentJobs") ?? ApiKey.DefaultConcurrentJobs);
}
