using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Access;

namespace RemoveBg.Tests.Access;

/// <summary>The limits that an instance counts by itself, on a clock that the tests move.</summary>
public sealed class RequestLimitTests
{
    private static readonly ApiKey Slowest = Key("slowest", ratePerMinute: 1, burst: 1);

    private readonly FakeTimeProvider _clock = new();

    [Test]
    public void Whoever_polls_eight_jobs_as_often_as_Retry_After_says_never_meets_the_limit()
    {
        var limit = Limit(new());
        for (var time = TimeSpan.Zero; time < TimeSpan.FromHours(1); time += TimeSpan.FromSeconds(2))
        {
            for (var job = 0; job < 8; job++) Assert.That(limit.Admit(Slowest, cost: 1).IsAllowed, Is.True);
            _clock.Advance(TimeSpan.FromSeconds(2));
        }
    }

    [Test]
    public void A_key_with_a_high_rate_may_poll_all_that_it_submits()
    {
        var limit = Limit(new());
        var fast = Key("fast", ratePerMinute: 6000, burst: 1000);
        for (var request = 0; request < 10_000; request++) Assert.That(limit.Admit(fast, cost: 1).IsAllowed, Is.True);
        // Ten times its rate comes back: a thousand in a second.
        Assert.That(limit.Admit(fast, cost: 1).IsAllowed, Is.False);
        _clock.Advance(TimeSpan.FromSeconds(1));
        for (var request = 0; request < 1000; request++) Assert.That(limit.Admit(fast, cost: 1).IsAllowed, Is.True);
        Assert.That(limit.Admit(fast, cost: 1).IsAllowed, Is.False);
    }

    [Test]
    public void A_flood_is_held_to_the_rate_and_does_not_touch_another_key()
    {
        var limit = Limit(new() { RequestsPerMinute = 60, RequestBurst = 30 });
        var admitted = 0;
        for (var tenths = 0; tenths < 600; tenths++)
        {
            for (var request = 0; request < 10; request++) if (limit.Admit(Slowest, cost: 1).IsAllowed) admitted++;
            _clock.Advance(TimeSpan.FromSeconds(0.1));
        }
        Assert.That(admitted, Is.InRange(89, 90), "one burst and a minute's rate");
        Assert.That(limit.Admit(Key("other", 1, 1), cost: 1).IsAllowed, Is.True);
    }

    [Test]
    public void A_clock_that_is_set_back_locks_nobody_out()
    {
        var clock = new SettableClock { Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) };
        var limit = new RequestLimit(Options.Create(new AccessOptions { StrangerRequestsPerMinute = 1 }), clock);
        Assert.That(limit.AdmitStranger("192.0.2.1").IsAllowed, Is.True);
        (clock.Now, clock.Elapsed) = (clock.Now.AddYears(-1), TimeSpan.FromMinutes(1));
        Assert.That(limit.AdmitStranger("192.0.2.1").IsAllowed, Is.True);
    }

    [Test]
    public void A_flood_from_many_addresses_fills_no_memory_and_is_still_limited()
    {
        var limit = Limit(new() { StrangerRequestsPerMinute = 1 });
        for (var address = 0; address < 100_000; address++) limit.AdmitStranger($"{address}");
        Assert.That(limit.AdmitStranger("one more").IsAllowed, Is.True);
        Assert.That(limit.AdmitStranger("and another").IsAllowed, Is.False, "they share one count now");
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(limit.AdmitStranger("later").IsAllowed, Is.True);
        Assert.That(limit.AdmitStranger("much later").IsAllowed, Is.True, "the old ones are forgotten");
    }

    [Test]
    public void A_valid_key_gives_its_address_back_one_request()
    {
        var limit = Limit(new() { StrangerRequestsPerMinute = 2 });
        bool Admit() => limit.AdmitStranger("192.0.2.1").IsAllowed;
        Assert.That((Admit(), Admit(), Admit()), Is.EqualTo((true, true, false)));
        limit.Forgive("192.0.2.1");
        limit.Forgive("192.0.2.2");
        Assert.That((Admit(), Admit()), Is.EqualTo((true, false)));
    }

    private RequestLimit Limit(AccessOptions options) => new(Options.Create(options), _clock);

    private static ApiKey Key(string name, int ratePerMinute, int burst) =>
        new(name, name, [], IsEnabled: true, ExpiresAt: null, Scopes.All, ratePerMinute, burst);

    /// <summary>A clock as on a real machine: the time of day can be set, elapsed time cannot.</summary>
    private sealed class SettableClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
