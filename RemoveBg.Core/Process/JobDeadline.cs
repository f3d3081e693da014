using RemoveBg.Core.Clocks;

namespace RemoveBg.Core.Process;

/// <summary>Time limit of one attempt that stops while the attempt waits for a slot in the pipeline, and while the
/// process is frozen.</summary>
/// <param name="limit">Working time that the attempt may take.</param>
/// <param name="time">Measures it.</param>
internal sealed class JobDeadline(TimeSpan limit, RunningTime time) : IDisposable
{
    private readonly CancellationTokenSource _expired = new(limit, time);
    private readonly TimeSpan _frozen = time.Frozen;
    private TimeSpan _left = limit;
    private long _resumedAt = time.GetTimestamp();

    /// <summary>Cancelled when the working time is used up.</summary>
    public CancellationToken Expired => _expired.Token;

    /// <summary>Whether the process was frozen since the attempt began. Then its failure may be our own: connections
    /// have timed out, leases have ended.</summary>
    public bool WasFrozen => time.Frozen > _frozen;

    /// <summary>Stops counting. A deadline that has expired stays expired.</summary>
    public void Pause()
    {
        _left -= time.GetElapsedTime(_resumedAt);
        _expired.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <summary>Continues with the time that was left at <see cref="Pause"/>.</summary>
    public void Resume()
    {
        _resumedAt = time.GetTimestamp();
        _expired.CancelAfter(_left > TimeSpan.Zero ? _left : TimeSpan.Zero);
    }

    public void Dispose() => _expired.Dispose();
}
