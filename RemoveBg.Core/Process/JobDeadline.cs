namespace RemoveBg.Core.Process;

/// <summary>Time limit of one attempt that stops while the attempt waits for a slot in the pipeline.</summary>
/// <param name="limit">Working time that the attempt may take.</param>
/// <param name="clock">Measures it.</param>
internal sealed class JobDeadline(TimeSpan limit, TimeProvider clock) : IDisposable
{
    private readonly CancellationTokenSource _expired = new(limit, clock);
    private TimeSpan _left = limit;
    private long _resumedAt = clock.GetTimestamp();

    /// <summary>Cancelled when the working time is used up.</summary>
    public CancellationToken Expired => _expired.Token;

    /// <summary>Stops counting. A deadline that has expired stays expired.</summary>
    public void Pause()
    {
        _left -= clock.GetElapsedTime(_resumedAt);
        _expired.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <summary>Continues with the time that was left at <see cref="Pause"/>.</summary>
    public void Resume()
    {
        _resumedAt = clock.GetTimestamp();
        _expired.CancelAfter(_left > TimeSpan.Zero ? _left : TimeSpan.Zero);
    }

    public void Dispose() => _expired.Dispose();
}
