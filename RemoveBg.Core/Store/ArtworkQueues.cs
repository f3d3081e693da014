using Azure.Storage.Queues;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Store;

/// <summary>Sends to the two queues. The host that reads them fills their poison queues.</summary>
public sealed class ArtworkQueues(StorageClients storage)
{
    /// <summary>Artworks to process.</summary>
    public const string Artworks = "artworks";

    /// <summary>Webhook attempts to make.</summary>
    public const string Webhooks = "webhooks";

    public const string PoisonSuffix = "-poison";

    /// <summary>Suffix of the queues in which <see cref="UnreadableMessages"/> keeps unreadable messages.</summary>
    public const string UnreadableSuffix = "-unreadable";

    /// <summary>Storage keeps a message invisible for at most this long (Put Message, REST API).</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromDays(7);

    /// <summary>The default would silently delete messages that wait longer than 7 days.</summary>
    private static readonly TimeSpan NeverExpires = TimeSpan.FromSeconds(-1);

    /// <summary>Wait for storage to recover.</summary>
    private static readonly TimeSpan StoragePatience = TimeSpan.FromSeconds(15);

    private readonly QueueClient _artworks = storage.Queue(Artworks);
    private readonly QueueClient _webhooks = storage.Queue(Webhooks);

    /// <summary>Raised with the queue's name after a message was stored that is visible at once. A host in the same
    /// process need not wait for its next poll.</summary>
    public event Action<string>? Sent;

    public Task SendToProcessAsync(Artwork artwork, int attempt, TimeSpan delay, CancellationToken cancellationToken) =>
        SendAsync(_artworks, new(ArtworkMessage.CurrentVersion, artwork.Id, attempt, artwork.TraceParent), delay,
            cancellationToken);

    /// <summary>Sends the first attempt of an artwork without reading its record; the receiver finds the trace
    /// there.</summary>
    public Task SendToProcessAsync(Guid id, CancellationToken cancellationToken) =>
        SendAsync(_artworks, new(ArtworkMessage.CurrentVersion, id, Attempt: 1), TimeSpan.Zero, cancellationToken);

    /// <summary>Sends the message of the next delivery attempt.</summary>
    /// <param name="artwork">The record as stored.</param>
    /// <param name="delay">Time until the message is visible.</param>
    /// <param name="cancellationToken">Cancels the storage call.</param>
    public Task SendToDeliverAsync(Artwork artwork, TimeSpan delay, CancellationToken cancellationToken) =>
        SendAsync(_webhooks, new(ArtworkMessage.CurrentVersion, artwork.Id, artwork.Delivery.Attempts + 1,
            artwork.TraceParent, artwork.Delivery.NextAttemptAt), delay, cancellationToken);

    /// <summary>Sends a message again for later, because storage failed before its work began. After a few tries the
    /// host would take it for poison.</summary>
    /// <param name="queue">Name of the queue.</param>
    /// <param name="text">The message as stored.</param>
    /// <param name="cancellationToken">Cancels the storage call.</param>
    public Task SendAgainAsync(string queue, string text, CancellationToken cancellationToken) =>
        storage.UndecodedQueue(queue).SendMessageAsync(text, StoragePatience, NeverExpires, cancellationToken);

    /// <summary>Measures how long the oldest visible message of queue artworks has waited.</summary>
    /// <returns>Zero if no message is visible.</returns>
    public async Task<TimeSpan> OldestToProcessAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var next = await _artworks.PeekMessagesAsync(32, cancellationToken);
        return next.Value.Length == 0 ? TimeSpan.Zero
            : now - next.Value.Min(message => message.InsertedOn ?? now) is var age && age > TimeSpan.Zero ? age
            : TimeSpan.Zero;
    }

    private async Task SendAsync(QueueClient queue, ArtworkMessage message, TimeSpan delay,
        CancellationToken cancellationToken)
    {
        // Storage takes whole seconds; rounded down, the message would arrive before the artwork is due.
        var visible = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(delay.TotalSeconds, 0, LongestDelay.TotalSeconds)));
        await queue.SendMessageAsync(message.ToJson(), visible, NeverExpires, cancellationToken);
        if (visible == TimeSpan.Zero) Sent?.Invoke(queue.Name);
    }
}
