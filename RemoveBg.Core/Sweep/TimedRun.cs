namespace RemoveBg.Core.Sweep;

/// <summary>A run of a timer that leaves what it cannot finish in time to the next one.</summary>
internal sealed class TimedRun(TimeProvider clock, TimeSpan longest)
{
    private readonly long _start = clock.GetTimestamp();

    public bool IsOver => clock.GetElapsedTime(_start) > longest;
}
