using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Clocks;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Clocks;

public sealed class RunningTimeTests
{
    private static readonly TimeSpan Freeze = TimeSpan.FromSeconds(185);

    private FakeTimeProvider _clock = null!;
    private RunningTime _time = null!;

    [SetUp]
    public void Begin() => _time = new(_clock = new(), NullLogger<RunningTime>.Instance);

    [TearDown]
    public void End() => _time.Dispose();

    [Test]
    public void A_timer_counts_only_time_in_which_the_process_ran()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), _time);
        _clock.RunFor(TimeSpan.FromSeconds(4));
        _clock.Advance(Freeze);
        Assert.That(limit.IsCancellationRequested, Is.False);
        // The freeze counts as one second.
        _clock.RunFor(TimeSpan.FromSeconds(4.9));
        Assert.That(limit.IsCancellationRequested, Is.False);
        _clock.RunFor(TimeSpan.FromSeconds(0.1));
        Assert.That(limit.IsCancellationRequested, Is.True);
    }

    [Test]
    public void A_timer_that_is_set_again_counts_from_then()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), _time);
        _clock.RunFor(TimeSpan.FromSeconds(9));
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        _clock.RunFor(TimeSpan.FromSeconds(9));
        Assert.That(limit.IsCancellationRequested, Is.False);
        limit.CancelAfter(Timeout.InfiniteTimeSpan);
        _clock.RunFor(TimeSpan.FromSeconds(60));
        Assert.That(limit.IsCancellationRequested, Is.False);
    }

    [Test]
    public void Freezes_add_up()
    {
        _clock.Advance(Freeze);
        _clock.RunFor(TimeSpan.FromSeconds(30));
        _clock.Advance(Freeze);
        Assert.That(_time.Frozen, Is.EqualTo(2 * (Freeze - TimeSpan.FromSeconds(1))));
    }

    [Test]
    public void A_tick_that_a_busy_machine_delays_is_no_freeze()
    {
        var start = _time.GetTimestamp();
        _clock.Advance(RunningTime.ShortestFreeze - TimeSpan.FromMilliseconds(1));
        Assert.That(_time.Frozen, Is.EqualTo(TimeSpan.Zero));
        Assert.That(_time.GetElapsedTime(start), Is.EqualTo(RunningTime.ShortestFreeze - TimeSpan.FromMilliseconds(1)));
    }

    [Test]
    public void A_freeze_is_noticed_although_no_timer_has_fired_since()
    {
        var stopped = new WithoutTimers();
        using var time = new RunningTime(stopped, NullLogger<RunningTime>.Instance);
        stopped.Now += Freeze;
        Assert.That(time.Frozen, Is.EqualTo(Freeze - TimeSpan.FromSeconds(1)));
    }

    private sealed class WithoutTimers : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new FakeTimeProvider().CreateTimer(callback, state, dueTime, period);
    }
}
