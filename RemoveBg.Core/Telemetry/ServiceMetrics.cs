using System.Diagnostics.Metrics;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;

namespace RemoveBg.Core.Telemetry;

/// <summary>Instruments of the meter <see cref="MeterName"/> (System.Diagnostics.Metrics).</summary>
/// <remarks>Durations are in seconds, as OpenTelemetry's semantic conventions require. No label contains anything that
/// a caller chose.</remarks>
public sealed class ServiceMetrics
{
    public const string MeterName = "RemoveBg";

    private readonly Counter<long> _accepted, _started, _ended, _faults, _webhookAttempts, _fetchedBytes, _resultBytes;
    private readonly Gauge<double> _queueOldest;
    private readonly Histogram<double> _wait, _duration, _step, _confidence, _webhookDuration;

    public ServiceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _accepted = meter.CreateCounter<long>("removebg.artworks.accepted", "{artwork}", "Artworks accepted");
        _started = meter.CreateCounter<long>("removebg.artworks.started", "{attempt}", "Attempts started by a worker");
        _ended = meter.CreateCounter<long>("removebg.artworks.ended", "{artwork}",
            "Artworks that reached a final status, by status and failure code");
        _faults = meter.CreateCounter<long>("removebg.faults", "{fault}",
            "Faults that were survived, by fault and failure code");
        _webhookAttempts =
            meter.CreateCounter<long>("removebg.webhook.attempts", "{attempt}", "Webhook attempts, by outcome");
        _fetchedBytes = meter.CreateCounter<long>("removebg.fetched", "By", "Bytes of images read");
        _resultBytes = meter.CreateCounter<long>("removebg.results", "By", "Bytes of results written");
        _queueOldest = meter.CreateGauge<double>("removebg.queue.oldest", "s",
            "Age of the oldest visible message of queue artworks, checked each minute");
        _wait = meter.CreateHistogram<double>("removebg.artworks.wait", "s", "From acceptance to the first start");
        _duration = meter.CreateHistogram<double>("removebg.artworks.duration", "s", "From the last start to the end");
        _step = meter.CreateHistogram<double>("removebg.pipeline.step.duration", "s",
            "Each step of the pipeline, by step, model and provider");
        _confidence =
            meter.CreateHistogram<double>("removebg.confidence", "1", "Confidence of the model, 0 to 1, by model");
        _webhookDuration =
            meter.CreateHistogram<double>("removebg.webhook.duration", "s", "Webhook attempts, by outcome");
    }

    public void Accepted() => _accepted.Add(1);

    public void QueueOldest(TimeSpan age) => _queueOldest.Record(age.TotalSeconds);

    public void Started(Artwork artwork)
    {
        _started.Add(1);
        if (artwork.Attempt == 1 && artwork.StartedAt is { } at)
            _wait.Record(Math.Max(0, (at - artwork.CreatedAt).TotalSeconds));
    }

    public void Ended(Artwork artwork)
    {
        _ended.Add(1, new("status", artwork.Status.Word()),
            new KeyValuePair<string, object?>("code", artwork.Failure?.Code ?? ""));
        if (artwork.Attempt > 0) _duration.Record(artwork.Duration.TotalSeconds,
            new KeyValuePair<string, object?>("status", artwork.Status.Word()));
    }

    /// <param name="fault">Kind of fault.</param>
    /// <param name="code">Failure code of the artwork, if any.</param>
    public void Fault(Fault fault, string? code = null) =>
        _faults.Add(1, new("fault", fault.ToString()), new KeyValuePair<string, object?>("code", code ?? ""));

    public void WebhookAttempt(string outcome, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>("outcome", outcome);
        _webhookAttempts.Add(1, tag);
        _webhookDuration.Record(duration.TotalSeconds, tag);
    }

    public void Fetched(long bytes) => _fetchedBytes.Add(bytes);

    public void CutOut(CutOutResult done, long resultBytes, string provider)
    {
        _confidence.Record(done.Confidence, new KeyValuePair<string, object?>("model", done.Model));
        _resultBytes.Add(resultBytes);
        foreach (var (name, time) in done.Steps)
            _step.Record(time.TotalSeconds, new("step", name), new("model", done.Model), new("provider", provider));
    }
}
