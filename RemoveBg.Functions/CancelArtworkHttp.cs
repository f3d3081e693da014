using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Manage;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class CancelArtworkHttp(ApiEndpoint api, CancelArtwork cancelArtwork)
{
    [Function("CancelArtwork")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/artworks/{id:guid}/cancel")] HttpRequest request,
            string id, CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Write, async (key, cancellationToken) =>
            Answers.Artwork(await cancelArtwork.CancelAsync(key, id, cancellationToken)), cancellationToken);
}
