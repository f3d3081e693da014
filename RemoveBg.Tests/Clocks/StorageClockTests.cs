using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using RemoveBg.Core.Clocks;

namespace RemoveBg.Tests.Clocks;

/// <summary>A storage client's own pipeline, and a storage that answers with a date.</summary>
public sealed class StorageClockTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, 400, TimeSpan.Zero);

    private Machine _machine = null!;
    private StorageClock _clock = null!;
    private Storage _storage = null!;

    [TearDown]
    public void End() => _storage.Dispose();

    [TestCase(2 * 3600)]
    [TestCase(-2 * 3600)]
    [TestCase(4)]
    [TestCase(-4)]
    public async Task A_clock_that_is_off_is_corrected_by_the_first_response(int seconds)
    {
        Begin(TimeSpan.FromSeconds(seconds));
        await AskAsync();
        Assert.That(_clock.GetUtcNow(), Is.EqualTo(Now).Within(TimeSpan.FromSeconds(0.5)));
        var corrected = _clock.GetUtcNow();
        await AskAsync();
        Assert.That(_clock.GetUtcNow(), Is.EqualTo(corrected), "and only once");
        _machine.Passed += TimeSpan.FromHours(1);
        Assert.That(_clock.GetUtcNow(), Is.EqualTo(corrected + TimeSpan.FromHours(1)));
    }

    [TestCase(2.0)]
    [TestCase(-2.0)]
    [TestCase(0.0)]
    public async Task A_difference_that_whole_seconds_cannot_show_is_left(double seconds)
    {
        Begin(TimeSpan.FromSeconds(seconds));
        await AskAsync();
        Assert.That(_clock.GetUtcNow(), Is.EqualTo(Now + TimeSpan.FromSeconds(seconds)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_right_clock_is_left_however_long_a_response_takes(bool isDatedBeforeTheDelay)
    {
        Begin(TimeSpan.Zero);
        var delay = TimeSpan.FromSeconds(185);
        _storage.Answer = () =>
        {
            var before = Now + _machine.Passed;
            _machine.Passed += delay;
            return isDatedBeforeTheDelay ? before : Now + _machine.Passed;
        };
        await AskAsync();
        Assert.That(_clock.GetUtcNow(), Is.EqualTo(Now + delay));
    }

    [Test]
    public async Task A_step_of_the_machines_date_changes_nothing()
    {
        Begin(TimeSpan.Zero);
        _machine.Ahead = TimeSpan.FromHours(2);
        Assert.That(_clock.GetUtcNow(), Is.EqualTo(Now));
        await AskAsync();
        Assert.That(_clock.GetUtcNow(), Is.EqualTo(Now));
    }

    [Test]
    public async Task Responses_that_come_together_correct_once()
    {
        Begin(TimeSpan.FromHours(2));
        var (asked, all) = (0, new TaskCompletionSource());
        _storage.Before = () =>
        {
            if (Interlocked.Increment(ref asked) == 8) all.SetResult();
            return all.Task;
        };
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskAsync()));
        Assert.That(_clock.GetUtcNow(), Is.EqualTo(Now).Within(TimeSpan.FromSeconds(0.5)));
    }

    private void Begin(TimeSpan ahead)
    {
        _machine = new() { Ahead = ahead };
        _clock = new(_machine);
        _storage = new() { Answer = () => Now + _machine.Passed };
    }

    private Task AskAsync()
    {
        var options = new BlobClientOptions { Transport = new HttpClientTransport(_storage) };
        options.AddPolicy(_clock.Policy, HttpPipelinePosition.PerRetry);
        return new BlobContainerClient(new Uri("https://pictures.blob.core.windows.net/results"), options)
            .ExistsAsync();
    }

    /// <summary>A machine whose date may be wrong and may step; its monotonic clock is right.</summary>
    private sealed class Machine : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public TimeSpan Passed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Passed.Ticks;

        public override DateTimeOffset GetUtcNow() => Now + Passed + Ahead;
    }

    private sealed class Storage : HttpMessageHandler
    {
        public required Func<DateTimeOffset> Answer { get; set; }

        public Func<Task> Before { get; set; } = () => Task.CompletedTask;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            await Before();
            return new(HttpStatusCode.OK) { Headers = { Date = Answer() } };
        }
    }
}
