using Azure.Storage.Queues;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Artworks;

/// <summary>The two queues. Their poison queues are filled by the host that reads them.</summary>
public sealed class ArtworkQueues(StorageClients storage)
{
    /// <summary>Artworks to process.</summary>
    public const string Artworks = "artworks";

    /// <summary>Webhook attempts to make.</summary>
    public const string Webhooks = "webhooks";

    public const string PoisonSuffix = "-poison";

    /// <summary>Storage keeps a message invisible for at most this long (Put Message, REST API).</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromDays(7);

    /// <summary>Without it a message that waits longer than 7 days would vanish silently.</summary>
    private static readonly TimeSpan NeverExpires = TimeSpan.FromSeconds(-1);

    private readonly QueueClient _artworks = storage.Queue(Artworks);
    private readonly QueueClient _webhooks = storage.Queue(Webhooks);

    public Task SendToProcess(Guid id, int attempt, TimeSpan delay, CancellationToken cancel) => Send(_artworks, id, attempt, delay, cancel);

    public Task SendToDeliver(Guid id, int attempt, TimeSpan delay, CancellationToken cancel) => Send(_webhooks, id, attempt, delay, cancel);

    private static Task Send(QueueClient queue, Guid id, int attempt, TimeSpan delay, CancellationToken cancel)
    {
        // Storage counts whole seconds; rounding down would make a worker find its artwork not yet due.
        var visible = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(delay.TotalSeconds, 0, LongestDelay.TotalSeconds)));
        return queue.SendMessageAsync(new ArtworkMessage(ArtworkMessage.CurrentVersion, id, attempt).ToJson(), visible, NeverExpires, cancel);
    }
}
