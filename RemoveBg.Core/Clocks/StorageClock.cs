using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace RemoveBg.Core.Clocks;

/// <summary>The time that all hosts of one storage account agree on: this machine's, corrected where storage's
/// responses show that it is off.</summary>
/// <remarks>Leases, permits, rates and signed URLs of one host are judged by others, so a host whose clock is hours off
/// would hold or lose them for hours. Between corrections the date advances with the monotonic clock, so that a step of
/// the machine's clock changes nothing.</remarks>
public sealed class StorageClock : TimeProvider
{
    /// <summary>Difference that is not corrected. Storage tells whole seconds.</summary>
    internal static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private Reading _last;

    /// <param name="clock">This machine's clock.</param>
    /// <param name="log">Told of each correction.</param>
    public StorageClock(TimeProvider clock, ILogger<StorageClock>? log = null)
    {
        (_clock, _log) = (clock, log ?? NullLogger<StorageClock>.Instance);
        _last = new(clock.GetUtcNow(), clock.GetTimestamp());
        Policy = new CompareResponses(this);
    }

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => _clock.LocalTimeZone;

    /// <summary>Reads the time in each response of a storage client.</summary>
    internal HttpPipelinePolicy Policy { get; }

    public override DateTimeOffset GetUtcNow() => DateAt(Volatile.Read(ref _last), _clock.GetTimestamp());

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _clock.CreateTimer(callback, state, dueTime, period);

    /// <summary>Corrects this clock unless storage's time lies between sending and receiving. However long a response
    /// took, or this process was frozen meanwhile, a right clock stays as it is.</summary>
    /// <param name="sentAt">Timestamp of sending the request.</param>
    /// <param name="date">Storage's time, rounded down to a second.</param>
    private void Compare(long sentAt, DateTimeOffset date)
    {
        var (last, receivedAt) = (Volatile.Read(ref _last), _clock.GetTimestamp());
        var (sent, received) = (DateAt(last, sentAt), DateAt(last, receivedAt));
        if (date + Second + Tolerance >= sent && date <= received + Tolerance) return;
        var ahead = sent + (received - sent) / 2 - (date + Second / 2);
        // Of several responses at once, one corrects.
        if (Interlocked.CompareExchange(ref _last, new(received - ahead, receivedAt), last) == last)
            _log.ClockCorrected(ahead.TotalSeconds);
    }

    private DateTimeOffset DateAt(Reading reading, long timestamp) =>
        reading.Date + _clock.GetElapsedTime(reading.Timestamp, timestamp);

    /// <summary>A date, and the monotonic clock when it was right.</summary>
    private sealed record Reading(DateTimeOffset Date, long Timestamp);

    private sealed class CompareResponses(StorageClock clock) : HttpPipelinePolicy
    {
        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            var sentAt = clock.GetTimestamp();
            ProcessNext(message, pipeline);
            Compare(message, sentAt);
        }

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            var sentAt = clock.GetTimestamp();
            await ProcessNextAsync(message, pipeline);
            Compare(message, sentAt);
        }

        private void Compare(HttpMessage message, long sentAt)
        {
            if (message.HasResponse && message.Response.Headers.Date is { } date) clock.Compare(sentAt, date);
        }
    }
}
