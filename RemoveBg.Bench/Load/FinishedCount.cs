using System.Diagnostics.Metrics;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Bench.Load;

/// <summary>Counts a host's finished artworks by its own metric, because polling would add load.</summary>
internal sealed class FinishedCount : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;

    public FinishedCount(IMeterFactory host, int artworks)
    {
        _left = artworks;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "removebg.artworks.ended" && instrument.Meter.Name == ServiceMetrics.MeterName
                && ReferenceEquals(instrument.Meter.Scope, host))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            if (Interlocked.Decrement(ref _left) == 0) _all.SetResult();
        });
        _listener.Start();
    }

    public Task Task => _all.Task;

    public void Dispose() => _listener.Dispose();
}
