using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace RemoveBg.Tests.Given;

/// <summary>Counts the requests that this process sends to a storage account, retries included, except those to the
/// table of API keys: the host stores their use in the background.</summary>
internal sealed partial class StorageRequests : EventListener
{
    private readonly string _account;
    private readonly ConcurrentQueue<string> _sent = new();
    private readonly ConcurrentDictionary<string, bool> _ids = new();
    private int _retries;

    /// <param name="connectionString">Its account's requests are counted.</param>
    public StorageRequests(string connectionString)
    {
        _account = $"/{connectionString.Split(';').Single(part => part.StartsWith("AccountName=",
            StringComparison.Ordinal))["AccountName=".Length..]}/";
        foreach (var source in EventSource.GetSources()) Listen(source);
    }

    public int Count => _sent.Count;

    /// <summary>Requests that were sent again, because storage failed or did not respond in time.</summary>
    public int Retries => _retries;

    /// <summary>Requests whose text contains a part.</summary>
    public int CountOf(string part) => _sent.Count(request => request.Contains(part, StringComparison.Ordinal));

    /// <summary>Seconds for which each message to a queue was sent invisible, in the order of sending.</summary>
    public IReadOnlyList<int> DelaysOf(string queue) =>
        [.. _sent.Select(request => SentMessage().Match(request)).Where(match => match.Groups["queue"].Value == queue)
            .Select(match => int.Parse(match.Groups["seconds"].Value, CultureInfo.InvariantCulture))];

    protected override void OnEventSourceCreated(EventSource eventSource) => Listen(eventSource);

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Runs before the constructor for sources that exist already.
        if (_account is null || eventData.Payload is not [string id, ..] payload) return;
        if (eventData.EventName == "RequestRetrying" && _ids.ContainsKey(id)) Interlocked.Increment(ref _retries);
        if (eventData.EventName == "Request" && payload.OfType<string>().FirstOrDefault(text => text.Contains(_account,
                StringComparison.Ordinal)) is { } request
            && !request.Contains($"{_account}keys(", StringComparison.Ordinal))
        {
            _ids.TryAdd(id, true);
            _sent.Enqueue(request);
        }
    }

    private void Listen(EventSource source)
    {
        if (source.Name == "Azure-Core") EnableEvents(source, EventLevel.Informational);
    }

    [GeneratedRegex(@"/(?<queue>[a-z]+)/messages\?.*visibilitytimeout=(?<seconds>\d+)")]
    private static partial Regex SentMessage();
}
