using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;

namespace RemoveBg.Functions;

public sealed class ProcessArtworkQueue(ProcessArtwork process)
{
    [Function("ProcessArtwork")]
    public Task Run([QueueTrigger(ArtworkQueues.Artworks, Connection = StorageClients.ConnectionName)] string message,
        CancellationToken cancellationToken) =>
        process.ProcessAsync(message, cancellationToken);

    [Function("FailPoisonedArtwork")]
    public Task Poison(
        [QueueTrigger(ArtworkQueues.Artworks + ArtworkQueues.PoisonSuffix,
            Connection = StorageClients.ConnectionName)] string message, CancellationToken cancellationToken) =>
        process.FailPoisonedAsync(message, cancellationToken);
}
