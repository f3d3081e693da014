using System.Globalization;
using System.Text.RegularExpressions;
using RemoveBg.Core.Store;

namespace RemoveBg.Tests.Flow.History;

/// <param name="Queue">Name of its queue.</param>
/// <param name="Text">As stored, in base64.</param>
/// <param name="VisibleAt">Before that, no worker gets it.</param>
internal sealed record QueuedMessage(string Queue, string Text, DateTimeOffset VisibleAt)
{
    /// <summary>Times that a worker has got it.</summary>
    public int Dequeued { get; set; }
}

/// <summary>The messages that the service has sent and no worker has completed. A test decides which comes
/// next.</summary>
internal sealed partial class MessagesOnTheWay(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly List<QueuedMessage> _messages = [];

    public int Count
    {
        get
        {
            lock (_lock) return _messages.Count;
        }
    }

    /// <summary>Time at which the next message becomes visible; null if there is none.</summary>
    public DateTimeOffset? Next
    {
        get
        {
            lock (_lock) return _messages.Count == 0 ? null : _messages.Min(message => message.VisibleAt);
        }
    }

    /// <summary>Notes a request that reaches storage, if it sends a message.</summary>
    /// <param name="request">Method, path with query, and body.</param>
    public void Note(string request)
    {
        if (Sent().Match(request) is not { Success: true } sent) return;
        var delay = sent.Groups["delay"] is { Success: true } seconds
            ? int.Parse(seconds.Value, CultureInfo.InvariantCulture) : 0;
        Return(new(sent.Groups["queue"].Value, sent.Groups["text"].Value, clock.GetUtcNow().AddSeconds(delay)));
    }

    /// <summary>Takes one of the visible messages; null if there is none.</summary>
    public QueuedMessage? Take(int choice)
    {
        lock (_lock)
        {
            var visible = _messages.Where(message => message.VisibleAt <= clock.GetUtcNow()).ToList();
            if (visible.Count == 0) return null;
            var taken = visible[choice % visible.Count];
            _messages.Remove(taken);
            return taken;
        }
    }

    public void Return(QueuedMessage message)
    {
        lock (_lock) _messages.Add(message);
    }

    [GeneratedRegex($@"^POST /[^/]+/(?<queue>{ArtworkQueues.Artworks}|{ArtworkQueues.Webhooks})/messages"
        + @"(\?[^\n]*?visibilitytimeout=(?<delay>\d+))?.*?<MessageText>(?<text>[^<]+)", RegexOptions.Singleline)]
    private static partial Regex Sent();
}
