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
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "v2/artworks/{id:guid}")] HttpRequest request,
            string id, CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Write, async (key, cancellationToken) =>
        {
            await delete.DeleteAsync(key, id, cancellationToken);
            return Results.NoContent();
        }, cancellationToken);
}
