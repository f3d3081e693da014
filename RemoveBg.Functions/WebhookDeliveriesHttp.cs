using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class WebhookDeliveriesHttp(ApiEndpoint api, WebhookDeliveries deliveries)
{
    private const string Route = "v2/artworks/{id:guid}/webhook-deliveries";

    [Function("ListWebhookDeliveries")]
    public Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, string id,
            CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Read, async (key, cancellationToken) =>
            Answers.Json(await deliveries.ListAsync(key, id, cancellationToken),
                WireJson.Readable.WebhookDeliveriesView), cancellationToken);

    [Function("RedeliverWebhook")]
    public Task<IResult> Redeliver(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/redeliver")] HttpRequest request,
            string id, CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Write, async (key, cancellationToken) =>
            Answers.Json(await deliveries.RedeliverAsync(key, id, cancellationToken),
                WireJson.Readable.WebhookDeliveriesView, StatusCodes.Status202Accepted), cancellationToken,
            submissions: 1);
}
