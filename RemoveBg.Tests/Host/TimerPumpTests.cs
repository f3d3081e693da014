using Microsoft.Extensions.Time.Testing;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The timer of the self-host, on a clock that stands still until a test moves it.</summary>
public sealed class TimerPumpTests : PumpTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    [Test]
    public async Task A_function_that_fails_is_logged_and_runs_again_at_its_next_time()
    {
        var clock = new FakeTimeProvider();
        using var pump = TimerPumpOf(clock);
        Function.Body = (_, _) => Function.Calls.Count == 1
            ? throw new InvalidOperationException("once") : Task.CompletedTask;
        await pump.StartAsync(CancellationToken.None);
        Assert.That(Function.Calls, Is.Empty, "not before its time");

        await NextRunAsync(clock);
        await Eventually.HoldsAsync(() => Log.Of(1006).Count == 1, "the failure is logged");
        await NextRunAsync(clock);
        await pump.StopAsync(CancellationToken.None);
        Assert.Multiple(() =>
        {
            Assert.That(Function.Calls, Has.Count.EqualTo(2));
            Assert.That(Log.Of(1006), Is.EqualTo(new[] { "Function Tick failed" }));
        });
    }

    [Test]
    public async Task A_run_that_takes_longer_than_the_interval_delays_the_next_one()
    {
        var clock = new FakeTimeProvider();
        using var pump = TimerPumpOf(clock);
        var go = new TaskCompletionSource();
        Function.Body = (_, _) => go.Task;
        await pump.StartAsync(CancellationToken.None);
        await NextRunAsync(clock);
        clock.Advance(3 * Interval);
        go.SetResult();
        await NextRunAsync(clock);
        await pump.StopAsync(CancellationToken.None);
        Assert.That(Function.Calls, Has.Count.EqualTo(2), "not once for each interval that passed");
    }

    [Test]
    public async Task A_stopping_host_cancels_the_run_and_logs_no_failure()
    {
        var clock = new FakeTimeProvider();
        using var pump = TimerPumpOf(clock);
        Function.Body = (_, cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);
        await pump.StartAsync(CancellationToken.None);
        await NextRunAsync(clock);
        await pump.StopAsync(CancellationToken.None);
        Assert.That(Log.Of(1006), Is.Empty);
    }

    /// <summary>Lets an interval pass, and waits for the run: the pump may set its timer a moment later.</summary>
    private async Task NextRunAsync(FakeTimeProvider clock)
    {
        var runs = Function.Calls.Count;
        await Eventually.HoldsAsync(() =>
        {
            if (Function.Calls.Count > runs) return true;
            clock.Advance(Interval);
            return Function.Calls.Count > runs;
        }, "it runs");
    }
}
