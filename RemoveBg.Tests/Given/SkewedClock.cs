using Microsoft.Extensions.Time.Testing;

namespace RemoveBg.Tests.Given;

/// <summary>The clock of a machine whose date is wrong.</summary>
internal sealed class SkewedClock(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
}

internal static class FakeClock
{
    /// <summary>Lets time pass as a running process sees it, second by second. To advance by all of it at once is to
    /// freeze the process.</summary>
    public static void RunFor(this FakeTimeProvider clock, TimeSpan time)
    {
        var step = TimeSpan.FromSeconds(1);
        for (; time > step; time -= step) clock.Advance(step);
        clock.Advance(time);
    }
}
