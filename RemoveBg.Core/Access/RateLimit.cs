using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Access;

/// <summary>A caller's rate, for the response headers (IETF draft ratelimit-headers).</summary>
/// <param name="Quota">Requests per <see cref="Window"/>.</param>
/// <param name="Remaining">Requests that may be sent at once.</param>
/// <param name="Reset">Time until the full burst is available again.</param>
/// <param name="RetryAfter">Time until the request would be admitted; null if it is.</param>
public sealed record RateDecision(int Quota, int Remaining, TimeSpan Reset, TimeSpan? RetryAfter)
{
    /// <summary>The rate's name: submit, request, redeliver or address.</summary>
    public string Policy { get; init; } = "submit";

    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    public bool IsAllowed => RetryAfter is null;
}

/// <summary>The generic cell rate algorithm (GCRA) as a pure function.</summary>
/// <remarks>The state is one number, the theoretical arrival time, when the bucket would be full again. Each submission
/// advances it by one emission interval. It is never later than now and the whole burst. If it is, a host whose clock
/// was ahead has written it, or the key had another rate; then it counts as the whole burst.</remarks>
public static class Gcra
{
    public static (RateDecision Decision, DateTimeOffset ArrivalTime) Admit(DateTimeOffset arrivalTime,
        DateTimeOffset now, int ratePerMinute, int burst, int cost = 1)
    {
        var interval = TimeSpan.FromMinutes(1) / ratePerMinute;
        var tolerance = interval * burst;
        // Hosts' clocks differ a little. To clamp that, too, would give two busy hosts more than the rate.
        if (arrivalTime > StoredTime.Latest(now, tolerance)) arrivalTime = now + tolerance;
        var start = arrivalTime > now ? arrivalTime : now;
        var next = start + interval * cost;
        if (next - now > tolerance)
            return (new(ratePerMinute, 0, start - now, next - now - tolerance), arrivalTime);
        var remaining = (int)Math.Floor((tolerance - (next - now)) / interval);
        return (new(ratePerMinute, remaining, next - now, null), next);
    }
}

/// <summary>Limits each key's rate over all instances, with the state in Table Storage.</summary>
/// <remarks>An instance that serves a key alone needs one storage operation per request: it knows the row's ETag from
/// its own last write.</remarks>
public sealed class RateLimit(StorageClients storage, TimeProvider clock)
{
    /// <summary>Write conflicts after which a request is refused for a moment: other instances are admitting requests
    /// of the same key, and an uncounted one could exceed its rate.</summary>
    private const int Tries = 10;

    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private readonly TableClient _rows = storage.Table("rates");
    private readonly ConcurrentDictionary<string, Bucket> _buckets = new();

    public async Task<RateDecision> AdmitAsync(ApiKey key, int cost, CancellationToken cancellationToken)
    {
        var bucket = _buckets.GetOrAdd(key.Id, _ => new());
        await bucket.Gate.WaitAsync(cancellationToken);
        try
        {
            for (var tries = 1; ; tries++)
            {
                if (!bucket.IsKnown) await ReadAsync(key.Id, bucket, cancellationToken);
                var (decision, arrivalTime) =
                    Gcra.Admit(bucket.ArrivalTime, clock.GetUtcNow(), key.RatePerMinute, key.Burst, cost);
                // Another instance can only have advanced the state, so a refusal stays a refusal: no read or write.
                // But a state that was clamped is written, or it would be clamped again and never drain.
                if (!decision.IsAllowed && arrivalTime == bucket.ArrivalTime
                    || await TryWriteAsync(key.Id, bucket, arrivalTime, cancellationToken)) return decision;
                if (tries == Tries) return decision with { RetryAfter = decision.RetryAfter ?? Moment };
            }
        }
        finally
        {
            bucket.Gate.Release();
        }
    }

    /// <summary>Deletes what storage holds of a key's rate.</summary>
    public async Task DeleteAsync(string keyId, CancellationToken cancellationToken) =>
        await _rows.DeleteEntityAsync(keyId, "submit", ETag.All, cancellationToken);

    private async Task ReadAsync(string keyId, Bucket bucket, CancellationToken cancellationToken)
    {
        var found =
            await _rows.GetEntityIfExistsAsync<TableEntity>(keyId, "submit", cancellationToken: cancellationToken);
        bucket.ArrivalTime = found.HasValue ? found.Value!.GetDateTimeOffset("ArrivalTime") ?? default : default;
        bucket.ETag = found.HasValue ? found.Value!.ETag : null;
        bucket.IsKnown = true;
    }

    private async Task<bool> TryWriteAsync(string keyId, Bucket bucket, DateTimeOffset arrivalTime,
        CancellationToken cancellationToken)
    {
        var row = new TableEntity(keyId, "submit") { ["ArrivalTime"] = arrivalTime };
        var written = bucket.ETag is { } etag
            ? await _rows.TryUpdateAsync(row, etag, TableUpdateMode.Replace, cancellationToken)
            : await _rows.TryAddAsync(row, cancellationToken);
        bucket.IsKnown = written is not null;
        if (written is null) return false;
        (bucket.ArrivalTime, bucket.ETag) = (arrivalTime, written);
        return true;
    }

    private sealed class Bucket
    {
        public SemaphoreSlim Gate { get; } = new(1);
        public bool IsKnown { get; set; }
        public DateTimeOffset ArrivalTime { get; set; }
        public ETag? ETag { get; set; }
    }
}
