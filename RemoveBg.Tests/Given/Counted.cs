using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Tests.Given;

/// <summary>What one host has counted since this began to listen, by instrument and labels:
/// <c>removebg.faults fault=Retried code=…</c>.</summary>
internal sealed class Counted : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _sums = new();

    public Counted(RunningHost host)
    {
        var own = host.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ServiceMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, own))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        _listener.Start();
    }

    /// <summary>Sum of a counter, or number of a histogram's measurements, over all that begins with this.</summary>
    public double Of(string start) =>
        _sums.Where(pair => pair.Key.StartsWith(start, StringComparison.Ordinal)).Sum(pair => pair.Value);

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = instrument.Name;
        foreach (var (key, label) in tags) name += $" {key}={label}";
        _sums.AddOrUpdate(name, value, (_, sum) => sum + value);
    }
}
