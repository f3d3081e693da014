using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class SubmitArtworkHttp(ApiEndpoint api, BodyReader bodies, SubmitRequestParser parser,
    SubmitArtwork submit, ReadArtwork read, ArtworkViews views)
{
    [Function("SubmitArtwork")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post",
            Route = "v2/artworks/remove-background")] HttpRequest request, CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Write, async (key, cancellationToken) =>
        {
            var patience = PreferWait.Read(request);
            SubmitBody.RequireType(request);
            Artwork artwork;
            using (var body = await bodies.ReadAsync(request, key, RequestBody.LargestBody, cancellationToken))
                artwork = await submit.SubmitAsync(key,
                    await SubmitBody.ParseAsync(request, body, parser, cancellationToken),
                    request.Headers["Idempotency-Key"], cancellationToken);

            if (patience is { } wait) artwork = await read.WaitUntilEndedAsync(artwork, wait, cancellationToken);
            var ended = patience is not null && artwork.Status.IsTerminal();

            var headers = request.HttpContext.Response.Headers;
            headers.Location = $"/v2/artworks/{artwork.Id}";
            headers["Operation-Location"] = $"{request.Scheme}://{request.Host}/v2/artworks/{artwork.Id}";
            if (!artwork.Status.IsTerminal()) headers.RetryAfter = "2";
            Answers.SetConfidence(request.HttpContext.Response, artwork);
            return Answers.Artwork(await views.OfAsync(artwork, cancellationToken),
                ended ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
        }, cancellationToken, submissions: 1);
}
