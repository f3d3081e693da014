using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class WebhookDeliveriesHttp(ApiEndpoint api, WebhookDeliveries deliveries)
{
    private const string Route = "v2/artworks/{id}/webhook-deliveries";

    [Function("ListWebhookDeliveries")]
    public Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Route)] HttpRequest request, string id, CancellationToken cancel) =>
        api.Answer(request, Scopes.Read, async key =>
            Answers.Json(await deliveries.List(key, id, cancel), WireJson.Readable.WebhookDeliveriesView), cancel);

    [Function("RedeliverWebhook")]
    public Task<IResult> Redeliver(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/redeliver")] HttpRequest request, string id, CancellationToken cancel) =>
        api.Answer(request, Scopes.Write, async key =>
            Answers.Json(await deliveries.Redeliver(key, id, cancel), WireJson.Readable.WebhookDeliveriesView, StatusCodes.Status202Accepted), cancel);
}
