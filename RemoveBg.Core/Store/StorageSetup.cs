using Azure.Data.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Store;

/// <summary>Creates missing tables, queues and containers: at startup, again until it has succeeded once, and when one
/// has been deleted.</summary>
public sealed class StorageSetup : BackgroundService
{
    private readonly StorageClients _storage;
    private readonly ILogger<StorageSetup> _log;
    private readonly Lock _lock = new();
    private Task? _creating;
    private volatile bool _done;

    public StorageSetup(StorageClients storage, ILogger<StorageSetup> log)
    {
        (_storage, _log) = (storage, log);
        storage.Recreate = RecreateAsync;
    }

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
        await CreateAsync().WaitAsync(cancellationToken);
        _done = true;
    }

    /// <summary>Checks in two cheap calls that storage responds and accepts writes: a full account can be read. Throws
    /// if it does not.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync(cancellationToken);
        await _storage.Queue(ArtworkQueues.Artworks).GetPropertiesAsync(cancellationToken);
        await _storage.Table("rates").UpsertEntityAsync(new TableEntity("readyz", "readyz"), TableUpdateMode.Replace,
            cancellationToken);
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
            _log.NotPrepared(problem.GetBaseException().Message);
        }
    }

    private async Task RecreateAsync(CancellationToken cancellationToken)
    {
        await CreateAsync().WaitAsync(cancellationToken);
        _log.Recreated();
    }

    /// <summary>Creates all that are missing. Calls at the same time share one run.</summary>
    private Task CreateAsync()
    {
        lock (_lock) return _creating is { IsCompleted: false } running ? running : _creating = CreateAllAsync();
    }

    private Task CreateAllAsync() => Task.WhenAll(
    [
        .. Tables.Select(name => _storage.Table(name).CreateIfNotExistsAsync() as Task),
        .. Queues.Select(name => _storage.Queue(name).CreateIfNotExistsAsync()),
        .. Containers.Select(name => _storage.Container(name).CreateIfNotExistsAsync()),
    ]);
}
