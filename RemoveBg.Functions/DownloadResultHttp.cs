using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class DownloadResultHttp(ApiEndpoint api, ReadArtwork read, StoredImages images)
{
    [Function("DownloadResult")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head",
            Route = "v2/artworks/{id:guid}/result")] HttpRequest request, string id,
            CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Read, async (key, cancellationToken) =>
        {
            var artwork = await read.FindAsync(key, id, cancellationToken);
            if (artwork.ResultContentType is not { } type
                || await images.OpenResultAsync(artwork.Id, type, cancellationToken) is not { } stored)
                throw ApiException.NotFound();
            Answers.SetConfidence(request.HttpContext.Response, artwork);
            return new StoredFileResult(stored, type);
        }, cancellationToken);
}
