using RemoveBg.Core.Access;

namespace RemoveBg.Tests.Access;

public sealed class GcraTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public void A_burst_is_admitted_and_then_one_per_interval()
    {
        var (state, now) = (default(DateTimeOffset), Start);
        for (var remaining = 2; remaining >= 0; remaining--) Assert.That(Admit().Remaining, Is.EqualTo(remaining));
        Assert.That(Admit().RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(1)));
        now += TimeSpan.FromSeconds(1);
        Assert.That(Admit().IsAllowed, Is.True);
        Assert.That(Admit().IsAllowed, Is.False);

        RateDecision Admit()
        {
            (var decision, state) = Gcra.Admit(state, now, ratePerMinute: 60, burst: 3);
            return decision;
        }
    }

    [Test]
    public void A_refused_request_costs_nothing()
    {
        var full = Start + TimeSpan.FromSeconds(3);
        var (decision, state) = Gcra.Admit(full, Start, ratePerMinute: 60, burst: 3);
        Assert.That(decision.IsAllowed, Is.False);
        Assert.That(state, Is.EqualTo(full));
    }

    [Test]
    public void In_an_hour_at_most_the_rate_and_one_burst_are_admitted()
    {
        var state = default(DateTimeOffset);
        var allowed = 0;
        for (var tenths = 0; tenths < 36_000; tenths++)
        {
            (var decision, state) =
                Gcra.Admit(state, Start + TimeSpan.FromMilliseconds(100 * tenths), ratePerMinute: 60, burst: 10);
            if (decision.IsAllowed) allowed++;
        }
        Assert.That(allowed, Is.InRange(3600, 3610));
    }

    /// <summary>A host with a clock ahead has written it, or the key had another rate.</summary>
    [TestCase(3 + 60, 3 + 60, TestName = "A state that a host with a clock a minute ahead has written is kept")]
    [TestCase(3 + 61, 3, TestName = "A state farther ahead counts as the whole burst")]
    public void A_state_ahead_of_the_burst(int ahead, int kept)
    {
        var (decision, state) =
            Gcra.Admit(Start + TimeSpan.FromSeconds(ahead), Start, ratePerMinute: 60, burst: 3);
        Assert.That((state - Start, decision.RetryAfter),
            Is.EqualTo((TimeSpan.FromSeconds(kept), TimeSpan.FromSeconds(kept - 2))));
    }
}
