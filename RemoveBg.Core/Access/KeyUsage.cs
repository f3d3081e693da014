using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.Access;

/// <summary>Counts the use of API keys, and warns of those that will expire. Requests only count in memory; a key's row
/// is written at most once a minute by each instance, and once more when the instance stops.</summary>
public sealed class KeyUsage(ApiKeyTable keys, TimeProvider clock, ILogger<KeyUsage> log) : BackgroundService
{
    /// <summary>Least time between two writes of one key's use.</summary>
    public static readonly TimeSpan WriteInterval = TimeSpan.FromMinutes(1);

    /// <summary>Time until a first use is stored.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan WarningInterval = TimeSpan.FromDays(1);

    /// <summary>Uses by hash: during a rotation, each of a key's values counts for itself.</summary>
    private readonly ConcurrentDictionary<string, Use> _uses = new();

    /// <summary>Counts an accepted request. Does no I/O.</summary>
    public void Count(ApiKey key)
    {
        var now = clock.GetUtcNow();
        var use = _uses.GetOrAdd(Convert.ToHexStringLower(key.Hash), _ => new(key));
        lock (use)
        {
            use.Waiting++;
            use.LastAt = now;
            if (!key.ExpiresSoon(now) || use.WarnedAt + WarningInterval > now) return;
            use.WarnedAt = now;
        }
        log.ExpiresSoon(key.Id, key.Name, key.ExpiresAt!.Value);
    }

    /// <summary>Stores the counts of keys that were not stored in the last minute.</summary>
    public Task StoreAsync(CancellationToken cancellationToken) => StoreAsync(isLast: false, cancellationToken);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await StoreAsync(isLast: true, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(CheckInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await StoreAsync(stoppingToken);
    }

    private async Task StoreAsync(bool isLast, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var use in _uses.Values)
        {
            (long Count, DateTimeOffset LastAt) taken;
            lock (use)
            {
                if (use.Waiting == 0 || !isLast && use.StoredAt + WriteInterval > now) continue;
                taken = (use.Waiting, use.LastAt);
                (use.Waiting, use.StoredAt) = (0, now);
            }
            if (await TryStoreAsync(use.Key, taken.Count, taken.LastAt, cancellationToken)) continue;
            // Keep the count, and try the other keys later: storage may be down.
            lock (use) use.Waiting += taken.Count;
            return;
        }
    }

    private async Task<bool> TryStoreAsync(ApiKey key, long count, DateTimeOffset lastAt,
        CancellationToken cancellationToken)
    {
        try
        {
            return await keys.TryAddUsesAsync(key.Hash, count, lastAt, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception problem)
        {
            // Whatever it is, the service goes on: the counts are for people.
            log.UseNotStored(key.Id, problem.GetBaseException().Message);
            return false;
        }
    }

    /// <summary>Use of one value of a key that this instance has seen; guarded by its own lock.</summary>
    private sealed class Use(ApiKey key)
    {
        public ApiKey Key => key;
        public long Waiting { get; set; }
        public DateTimeOffset LastAt { get; set; }
        public DateTimeOffset? StoredAt { get; set; }
        public DateTimeOffset? WarnedAt { get; set; }
    }
}
