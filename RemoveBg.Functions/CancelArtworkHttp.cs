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
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/artworks/{id}/cancel")] HttpRequest request, string id, CancellationToken cancel) =>
        api.Answer(request, Scopes.Write, async key => Answers.Artwork(await cancelArtwork.Cancel(key, id, cancel)), cancel);
}
