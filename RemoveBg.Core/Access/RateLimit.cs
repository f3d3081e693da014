using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Access;

/// <summary>What a caller learns about its rate (IETF draft ratelimit-headers).</summary>
/// <param name="Remaining">Submissions it may still send at once.</param>
/// <param name="Reset">Until the full burst is there again.</param>
/// <param name="RetryAfter">When refused: until the next one is let through.</param>
public sealed record RateDecision(int Quota, int Remaining, TimeSpan Reset, TimeSpan? RetryAfter)
{
    public bool IsAllowed => RetryAfter is null;
}

/// <summary>
/// The generic cell rate algorithm (GCRA) as a pure function. One number is the whole state: the theoretical arrival
/// time, when the bucket would be full again. Each request moves it on by one emission
/// interval for each submission in it.
/// </summary>
public static class Gcra
{
    public static (RateDecision Decision, DateTimeOffset ArrivalTime) Admit(DateTimeOffset arrivalTime,
        DateTimeOffset now, int ratePerMinute, int burst, int cost = 1)
    {
        var interval = TimeSpan.FromMinutes(1) / ratePerMinute;
        var tolerance = interval * burst;
        var start = arrivalTime > now ? arrivalTime : now;
        var next = start + interval * cost;
        if (next - now > tolerance)
            return (new(ratePerMinute, 0, start - now, next - now - tolerance), arrivalTime);
        var remaining = (int)Math.Floor((tolerance - (next - now)) / interval);
        return (new(ratePerMinute, remaining, next - now, null), next);
    }
}

/// <summary>Each key's rate, kept in Table Storage so that it holds over all instances. An instance that is alone with
/// a key needs one storage operation a request: it knows the row's ETag from its own last write.</summary>
public sealed class RateLimit(StorageClients storage, TimeProvider clock)
{
    /// <summary>So many instances may write between our read and our write before we let the
    /// request through uncounted.</summary>
    private const int Tries = 6;

    private readonly TableClient _rows = storage.Table("rates");
    private readonly ConcurrentDictionary<string, Bucket> _buckets = new();

    public async Task<RateDecision> AdmitAsync(ApiKey key, int cost, CancellationToken cancellationToken)
    {
        var bucket = _buckets.GetOrAdd(key.Id, _ => new());
        await bucket.Turn.WaitAsync(cancellationToken);
        try
        {
            for (var tries = 1; ; tries++)
            {
                if (!bucket.IsKnown) await ReadAsync(key.Id, bucket, cancellationToken);
                var (decision, arrivalTime) =
                    Gcra.Admit(bucket.ArrivalTime, clock.GetUtcNow(), key.RatePerMinute, key.Burst, cost);
                // A refusal by a state that another instance has since moved on would be refused
                // all the more: no write, no read.
                if (!decision.IsAllowed || await TryWriteAsync(key.Id, bucket, arrivalTime, cancellationToken)
                    || tries == Tries) return decision;
            }
        }
        finally
        {
            bucket.Turn.Release();
        }
    }

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
        var entity = new TableEntity(keyId, "submit") { ["ArrivalTime"] = arrivalTime };
        try
        {
            var written = bucket.ETag is { } etag
                ? await _rows.UpdateEntityAsync(entity, etag, TableUpdateMode.Replace, cancellationToken)
                : await _rows.AddEntityAsync(entity, cancellationToken);
            bucket.ArrivalTime = arrivalTime;
            bucket.ETag = written.Headers.ETag;
            return true;
        }
        catch (RequestFailedException problem) when (problem.Status is 409 or 412 or 404)
        {
            bucket.IsKnown = false;
            return false;
        }
    }

    private sealed class Bucket
    {
        public SemaphoreSlim Turn { get; } = new(1);
        public bool IsKnown { get; set; }
        public DateTimeOffset ArrivalTime { get; set; }
        public ETag? ETag { get; set; }
    }
}
