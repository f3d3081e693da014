using Azure.Data.Tables;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Access;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Access;

/// <summary>Generated requests against a token bucket: the same limit by another algorithm, in whole ticks.</summary>
[Category(Histories.Category)]
public sealed class RateModelTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<Limit> Limits =
        Gen.Select(Gen.OneOf<int>(1, 2, 3, 6, 10, 60, 120, 600, 3000), Gen.Int[1, 12], (rate, burst) =>
            new Limit(rate, burst));

    /// <summary>Most come close together, so that the bucket runs empty.</summary>
    private static readonly Gen<Request[]> Requests = Gen.Select(Gen.Frequency((3, Gen.Const(0)), (2, Gen.Int[0, 40]),
        (1, Gen.Int[0, 600])), Gen.Int[1, 3], Gen.Int[0, 2], (wait, cost, instance) =>
            new Request(wait, cost, instance)).Array[1, 40];

    [Test]
    public void Generated_requests_are_admitted_as_by_a_token_bucket() =>
        Gen.Select(Limits, Requests).Sample((limit, requests) =>
        {
            var (now, state, bucket) = (Start, default(DateTimeOffset), new TokenBucket(limit));
            foreach (var request in requests)
            {
                now += limit.Interval * request.Tenths / 10;
                (var decision, state) = Gcra.Admit(state, now, limit.RatePerMinute, limit.Burst, request.Cost);
                if (decision != bucket.Admit(now, request.Cost)) return false;
            }
            return true;
        }, iter: Histories.Count(10_000));

    [Test]
    public async Task Instances_that_share_a_key_admit_what_one_token_bucket_admits()
    {
        var storage = Storage.NewAccount();
        await new TableClient(storage, "rates").CreateAsync();
        var number = 0;
        await Gen.Select(Limits, Requests).SampleAsync(async (limit, requests) =>
        {
            var (clock, bucket) = (new FakeTimeProvider(Start), new TokenBucket(limit));
            var key = new ApiKey($"key_{Interlocked.Increment(ref number)}", "shared", ApiKey.HashOf("x"), true, null,
                Scopes.All, limit.RatePerMinute, limit.Burst);
            var instances = Enumerable.Range(0, 3).Select(_ => KeyCommands.Services(storage, clock)).ToList();
            try
            {
                foreach (var request in requests.Take(12))
                {
                    clock.Advance(limit.Interval * request.Tenths / 10);
                    var limiter = instances[request.Instance].GetRequiredService<RateLimit>();
                    var decision = await limiter.AdmitAsync(key, request.Cost, CancellationToken.None);
                    var expected = bucket.Admit(clock.GetUtcNow(), request.Cost);
                    // An instance that has not heard of the others' requests refuses correctly, and may think that
                    // the caller need not wait as long.
                    if (decision.IsAllowed ? decision != expected
                        : expected.IsAllowed || decision.RetryAfter > expected.RetryAfter) return false;
                }
                return true;
            }
            finally
            {
                foreach (var services in instances) await services.DisposeAsync();
            }
        }, iter: Histories.Count(60), threads: 4);
    }

    private sealed record Limit(int RatePerMinute, int Burst)
    {
        public TimeSpan Interval => TimeSpan.FromMinutes(1) / RatePerMinute;
    }

    /// <param name="Tenths">Wait since the last request, in tenths of an interval.</param>
    /// <param name="Cost">Tokens that it takes.</param>
    /// <param name="Instance">Which instance gets it.</param>
    private sealed record Request(int Tenths, int Cost, int Instance);

    private sealed class TokenBucket(Limit limit)
    {
        private readonly long _full = limit.Interval.Ticks * limit.Burst;
        private long _credit = limit.Interval.Ticks * limit.Burst;
        private DateTimeOffset _at = Start;

        public RateDecision Admit(DateTimeOffset now, int cost)
        {
            _credit = Math.Min(_full, _credit + (now - _at).Ticks);
            _at = now;
            var price = limit.Interval.Ticks * cost;
            if (_credit < price) return Decision(0, TimeSpan.FromTicks(price - _credit));
            _credit -= price;
            return Decision((int)(_credit / limit.Interval.Ticks), null);
        }

        private RateDecision Decision(int remaining, TimeSpan? retryAfter) =>
            new(limit.RatePerMinute, remaining, TimeSpan.FromTicks(_full - _credit), retryAfter);
    }
}
