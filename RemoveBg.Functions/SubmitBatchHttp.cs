using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

/// <summary>Accepts several artworks in one request. All are checked before the first is accepted, and each counts
/// against the key's rate.</summary>
public sealed class SubmitBatchHttp(ApiEndpoint api, BodyReader bodies, SubmitRequestParser parser,
    SubmitArtwork submit, ArtworkViews views)
{
    [Function("SubmitBatch")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/artworks/batch")] HttpRequest request,
            CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Write, async (key, cancellationToken) =>
        {
            SubmitBody.RequireType(request);
            using var body = await bodies.ReadAsync(request, key, SubmitBody.LargestBatch(request), cancellationToken);
            var wanted = await SubmitBody.ParseBatchAsync(request, body, parser, cancellationToken);
            await api.AdmitAsync(request.HttpContext.Response, key, wanted.Count, cancellationToken);

            var accepted = new List<ArtworkView>(wanted.Count);
            foreach (var artwork
                in await submit.SubmitAllAsync(key, wanted, request.Headers["Idempotency-Key"], cancellationToken))
                accepted.Add(await views.OfAsync(artwork, cancellationToken));
            request.HttpContext.Response.Headers.RetryAfter = "2";
            return Answers.Json(new ArtworkBatch(accepted), WireJson.Readable.ArtworkBatch,
                StatusCodes.Status202Accepted);
        }, cancellationToken);
}
