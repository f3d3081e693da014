using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Store;

/// <summary>Creates missing tables, queues and containers: at startup, and again until it has succeeded
/// once.</summary>
public sealed class StorageSetup(StorageClients storage, ILogger<StorageSetup> log) : BackgroundService
{
    private readonly SemaphoreSlim _once = new(1);
    private volatile bool _done;

    public static IReadOnlyList<string> Tables { get; } = ["artworks", "artworksbykey", "keys", "rates", "idempotency",
        "audit"];

    public static IReadOnlyList<string> Queues { get; } =
    [
        ArtworkQueues.Artworks, ArtworkQueues.Artworks + ArtworkQueues.PoisonSuffix,
        ArtworkQueues.Webhooks, ArtworkQueues.Webhooks + ArtworkQueues.PoisonSuffix,
        ArtworkQueues.Artworks + ArtworkQueues.UnreadableSuffix,
            ArtworkQueues.Webhooks + ArtworkQueues.UnreadableSuffix,
    ];

    public static IReadOnlyList<string> Containers { get; } =
        [StoredImages.ResultContainer, StoredImages.InputContainer];

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_done) return;
        await _once.WaitAsync(cancellationToken);
        try
        {
            if (_done) return;
            await Task.WhenAll(
            [
                .. Tables.Select(name => storage.Table(name).CreateIfNotExistsAsync(cancellationToken) as Task),
                .. Queues.Select(
                    name => storage.Queue(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken)),
                .. Containers.Select(
                    name => storage.Container(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken)),
            ]);
            _done = true;
        }
        finally
        {
            _once.Release();
        }
    }

    /// <summary>Checks in one cheap call that storage responds. Throws if it does not.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync(cancellationToken);
        await storage.Queue(ArtworkQueues.Artworks).GetPropertiesAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await EnsureAsync(stoppingToken);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            // Not fatal: storage may come back, and /readyz says so until then.
            log.NotPrepared(problem.GetBaseException().Message);
        }
    }
}
