using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Sweep;

namespace RemoveBg.Tests.Clocks;

public sealed class TimedRunTests
{
    [Test]
    public void A_run_is_over_after_its_time_and_not_before()
    {
        var clock = new FakeTimeProvider();
        var run = new TimedRun(clock, TimeSpan.FromSeconds(50));
        clock.Advance(TimeSpan.FromSeconds(50));
        Assert.That(run.IsOver, Is.False);
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(run.IsOver, Is.True);
    }
}
