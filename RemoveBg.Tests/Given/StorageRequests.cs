using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace RemoveBg.Tests.Given;

/// <summary>Counts the requests that this process sends to a storage account, retries included, except those to the
/// table of API keys: the host stores their use in the background.</summary>
internal sealed class StorageRequests : EventListener
{
    private readonly string _account;
    private readonly ConcurrentQueue<string> _sent = new();

    /// <param name="connectionString">Its account's requests are counted.</param>
    public StorageRequests(string connectionString)
    {
        _account = $"/{connectionString.Split(';').Single(part => part.StartsWith("AccountName=",
            StringComparison.Ordinal))["AccountName=".Length..]}/";
        foreach (var source in EventSource.GetSources()) Listen(source);
    }

    public int Count => _sent.Count;

    protected override void OnEventSourceCreated(EventSource eventSource) => Listen(eventSource);

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Runs before the constructor for sources that exist already.
        if (eventData.EventName == "Request" && _account is not null
            && eventData.Payload?.OfType<string>().FirstOrDefault(text => text.Contains(_account,
                StringComparison.Ordinal)) is { } request
            && !request.Contains($"{_account}keys(", StringComparison.Ordinal))
            _sent.Enqueue(request);
    }

    private void Listen(EventSource source)
    {
        if (source.Name == "Azure-Core") EnableEvents(source, EventLevel.Informational);
    }
}
