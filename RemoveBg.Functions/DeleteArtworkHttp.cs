using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Manage;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class DeleteArtworkHttp(ApiEndpoint api, DeleteArtwork delete)
{
    [Function("DeleteArtwork")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "v2/artworks/{id}")] HttpRequest request, string id, CancellationToken cancel) =>
        api.Answer(request, Scopes.Write, async key =>
        {
            await delete.Delete(key, id, cancel);
            return Results.NoContent();
        }, cancel);
}
