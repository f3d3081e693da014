using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;

namespace RemoveBg.Functions;

public sealed class DeliverWebhookQueue(DeliverWebhook deliver)
{
    [Function("DeliverWebhook")]
    public Task Run([QueueTrigger(ArtworkQueues.Webhooks, Connection = StorageClients.ConnectionName)] string message,
        CancellationToken cancellationToken) =>
        deliver.DeliverAsync(message, cancellationToken);

    [Function("CountPoisonedWebhook")]
    public Task Poison(
        [QueueTrigger(ArtworkQueues.Webhooks + ArtworkQueues.PoisonSuffix,
            Connection = StorageClients.ConnectionName)] string message, CancellationToken cancellationToken) =>
        deliver.CountPoisonedAsync(message, cancellationToken);
}
