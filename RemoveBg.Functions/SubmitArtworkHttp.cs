using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class SubmitArtworkHttp(ApiEndpoint api, BodyReader bodies, SubmitRequestParser parser,
    SubmitArtwork submit, ReadArtwork read, ArtworkViews views, WaitingRequests waiting,
    IOptions<AccessOptions> access)
{
    [Function("SubmitArtwork")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post",
            Route = "v2/artworks/remove-background")] HttpRequest request, CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Write, async (key, cancellationToken) =>
        {
            var patience = PreferWait.Read(request);
            using var place = patience is null ? null : waiting.Begin(key);
            SubmitBody.RequireType(request);
            Artwork artwork;
            using (var body = await bodies.ReadAsync(request, key, RequestBody.LargestBody, cancellationToken))
                artwork = await submit.SubmitAsync(key,
                    await SubmitBody.ParseAsync(request, body, parser, cancellationToken),
                    request.Headers["Idempotency-Key"], cancellationToken);

            if (patience is { } wait) artwork = await read.WaitUntilEndedAsync(artwork, wait, cancellationToken);
            var ended = patience is not null && artwork.Status.IsTerminal();

            ApiHeaders.SetLocation(request, $"/v2/artworks/{artwork.Id}", access.Value.ProxyHops ?? 0);
            if (!artwork.Status.IsTerminal()) request.HttpContext.Response.Headers.RetryAfter = "2";
            Answers.SetConfidence(request.HttpContext.Response, artwork);
            return Answers.Artwork(await views.OfAsync(artwork, cancellationToken),
                ended ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
        }, cancellationToken, submissions: 1);
}
