using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.Clocks;

/// <summary>Counts only time in which this process ran: not while it was stopped, its container or machine paused, or
/// memory swapped out. Limits on the work of others (a source, a receiver, a job) are measured with it, so that our own
/// delay is never held against them.</summary>
/// <remarks>A timer ticks each second. If the time since the last tick is far longer than a tick, the process was
/// frozen, and the gap counts as one tick. Each reading checks this, so that the order in which overdue timers run
/// after a freeze does not matter. The date is not affected, only <see cref="GetTimestamp"/> and timers.</remarks>
public sealed class RunningTime : TimeProvider, IDisposable
{
    /// <summary>Shortest gap between ticks that is taken for a freeze. Above what a busy machine causes, below the
    /// timeouts of sources and receivers.</summary>
    internal static readonly TimeSpan ShortestFreeze = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly ILogger<RunningTime> _log;
    private readonly Lock _lock = new();
    private readonly ITimer _ticks;
    private long _seen, _frozen;

    public RunningTime(TimeProvider clock, ILogger<RunningTime> log)
    {
        (_clock, _log, _seen) = (clock, log, clock.GetTimestamp());
        _ticks = clock.CreateTimer(_ => Look(), null, Tick, Tick);
    }

    /// <summary>Total time for which the process was frozen. Grows with each freeze.</summary>
    public TimeSpan Frozen => _clock.GetElapsedTime(0, Look().Frozen);

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => _clock.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp()
    {
        var (now, frozen) = Look();
        return now - frozen;
    }

    /// <summary>Creates a timer that fires once.</summary>
    /// <exception cref="NotSupportedException">A period is given.</exception>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new RunningTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Dispose() => _ticks.Dispose();

    private (long Now, long Frozen) Look()
    {
        var gap = TimeSpan.Zero;
        (long Now, long Frozen) seen;
        lock (_lock)
        {
            var now = _clock.GetTimestamp();
            gap = _clock.GetElapsedTime(_seen, now);
            if (gap >= ShortestFreeze) _frozen += now - _seen - (long)(Tick.TotalSeconds * TimestampFrequency);
            seen = (_seen = now, _frozen);
        }
        if (gap >= ShortestFreeze) _log.WasFrozen(gap.TotalSeconds);
        return seen;
    }

    /// <summary>Starts again for the time that is left when it fires after a freeze.</summary>
    private sealed class RunningTimer : ITimer
    {
        /// <summary>The system's timers are as coarse as this, and may fire early by it.</summary>
        private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(16);

        private readonly RunningTime _time;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly Lock _lock = new();
        private readonly ITimer _timer;
        private long _start;
        private TimeSpan _due = Timeout.InfiniteTimeSpan;

        public RunningTimer(RunningTime time, TimerCallback callback, object? state)
        {
            (_time, _callback, _state) = (time, callback, state);
            _timer = time._clock.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
                throw new NotSupportedException("Running time has no periodic timers.");
            lock (_lock)
            {
                (_start, _due) = (_time.GetTimestamp(), dueTime);
                return _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose() => _timer.Dispose();

        public ValueTask DisposeAsync() => _timer.DisposeAsync();

        private void Fire()
        {
            lock (_lock)
            {
                if (_due == Timeout.InfiniteTimeSpan) return;
                var left = _due - _time.GetElapsedTime(_start);
                if (left > Grain)
                {
                    _timer.Change(left, Timeout.InfiniteTimeSpan);
                    return;
                }
                _due = Timeout.InfiniteTimeSpan;
            }
            _callback(_state);
        }
    }
}
