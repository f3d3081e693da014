using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class ReadArtworkHttp(ApiEndpoint api, ReadArtwork read, ArtworkViews views)
{
    [Function("ReadArtwork")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/artworks/{id:guid}")] HttpRequest request,
            string id,
            CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Read, async (key, cancellationToken) =>
        {
            var artwork = await read.FindAsync(key, id, cancellationToken);
            if (!artwork.Status.IsTerminal()) request.HttpContext.Response.Headers.RetryAfter = "2";
            Answers.SetConfidence(request.HttpContext.Response, artwork);
            return Answers.Artwork(await views.OfAsync(artwork, cancellationToken));
        }, cancellationToken);
}
