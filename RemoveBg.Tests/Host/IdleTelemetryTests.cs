using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Azure.Core.Diagnostics;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using RemoveBg.Tests.Given;
using RemoveBg.Tests.Given.Worker;

namespace RemoveBg.Tests.Host;

/// <summary>Log output of an idle instance; telemetry is billed by size.</summary>
[NonParallelizable]
public sealed class IdleTelemetryTests
{
    private const int LargestMinute = 40_000;
    private const int Polls = 5, Sweeps = 5;

    /// <summary>
    /// The Functions host polls its queues with the Azure SDK and forwards the SDK's events to its own log, under the
    /// event source's name with dots, by the levels of host.json.
    /// </summary>
    [Test]
    public async Task Polling_an_empty_queue_logs_nothing()
    {
        using var lines = new CountedLines();
        var levels = new ConfigurationBuilder().AddJsonFile(Path.Combine(Repo.Root, "host.json")).Build();
        using var factory = LoggerFactory.Create(logging => logging
            .AddConfiguration(levels.GetSection("logging")).AddProvider(lines));
        var queue = new QueueClient(Storage.NewAccount(), "idle");
        await queue.CreateAsync();

        var events = 0;
        using (new AzureEventSourceListener((sdk, message) =>
        {
            Interlocked.Increment(ref events);
            var category = sdk.EventSource.Name.Replace('-', '.');
            factory.CreateLogger(category).Log(LevelOf(sdk.Level), "{Message}", message);
        }, EventLevel.Informational))
            for (var poll = 0; poll < Polls; poll++) await queue.ReceiveMessagesAsync();

        Assert.That(events, Is.GreaterThanOrEqualTo(2 * Polls), "a request and a response each");
        Assert.That(lines.All, Is.Empty);
    }

    /// <summary>
    /// In an idle minute the host invokes the sweep once, and metrics are exported once. All else in the worker waits.
    /// </summary>
    [Test]
    public async Task An_idle_worker_sends_at_most_40_kilobytes_per_minute()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var worker = await RunningWorker.StartAsync(collector.Environment);
        Assert.That(await worker.Peer.InvokeTimerAsync("SweepArtworks"), Has.Property("IsSuccess").True);
        var start = worker.Peer.LogBytes;
        for (var minute = 0; minute < Sweeps; minute++)
            Assert.That(await worker.Peer.InvokeTimerAsync("SweepArtworks"), Has.Property("IsSuccess").True);
        var toHost = (worker.Peer.LogBytes - start) / Sweeps;

        // Stopping exports what is left. It adds what the start logged, so this is an upper bound.
        Assert.That(await worker.Peer.TerminateAsync(TimeSpan.FromSeconds(5)), Is.Zero, worker.Peer.Output);
        Assert.That(collector.Bodies("traces"), Is.Not.Empty, "the sweeps are traced");
        var metrics = collector.Bodies("metrics").Max(body => body.Length);
        var toCollector = (collector.Bytes("traces") + collector.Bytes("logs")) / Sweeps + metrics;
        TestContext.Progress.WriteLine(
            $"an idle minute: {toHost} bytes to the host, {toCollector} bytes to a collector ({metrics} of metrics)");
        Assert.That(toHost + toCollector, Is.LessThanOrEqualTo(LargestMinute));
    }

    private static LogLevel LevelOf(EventLevel level) => level switch
    {
        EventLevel.Critical => LogLevel.Critical,
        EventLevel.Error => LogLevel.Error,
        EventLevel.Warning => LogLevel.Warning,
        EventLevel.Verbose => LogLevel.Debug,
        _ => LogLevel.Information,
    };

    private sealed class CountedLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
