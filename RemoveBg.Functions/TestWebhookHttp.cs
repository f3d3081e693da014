using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Submit;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

/// <summary>Sends a sample to the caller's webhook, so that a receiver can be tried before the first artwork.</summary>
public sealed class TestWebhookHttp(ApiEndpoint api, BodyReader bodies, SubmitRequestParser parser, TestWebhook test)
{
    private const int LargestBody = 64 * 1024;

    [Function("TestWebhook")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/webhook-test")] HttpRequest request,
            CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Write, async (key, cancellationToken) =>
        {
            RequestBody.RequireJson(request);
            using var body = await bodies.ReadAsync(request, key, LargestBody, cancellationToken);
            var webhook = parser.ParseWebhookTest(body.Bytes);
            return Answers.Json(await test.SendAsync(key, webhook, cancellationToken),
                WireJson.Readable.WebhookTestView);
        }, cancellationToken, submissions: 1);
}
