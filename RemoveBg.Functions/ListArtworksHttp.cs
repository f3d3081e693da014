using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class ListArtworksHttp(ApiEndpoint api, ListArtworks list)
{
    [Function("ListArtworks")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/artworks")] HttpRequest request,
            CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Read, async (key, cancellationToken) =>
        {
            var query = request.Query;
            var page = await list.ListAsync(key, Only(query["limit"]), Only(query["cursor"]), Only(query["status"]),
                cancellationToken);
            return Answers.Json(page, WireJson.Readable.ArtworkPage);
        }, cancellationToken, requests: 10);

    private static string? Only(Microsoft.Extensions.Primitives.StringValues values) =>
        values.Count == 0 ? null : values.ToString();
}
