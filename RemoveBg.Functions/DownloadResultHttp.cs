using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

public sealed class DownloadResultHttp(ApiEndpoint api, ReadArtwork read, StoredImages images, ResultLinks links)
{
    [Function("DownloadResult")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head",
            Route = "v2/artworks/{id:guid}/result")] HttpRequest request, string id,
            CancellationToken cancellationToken)
    {
        if (request.Query[ResultLinks.SignatureParameter].ToString() is not { Length: > 0 } signature)
            return api.AnswerAsync(request, Scopes.Read, async (key, cancellationToken) =>
                await FileAsync(request, await read.FindAsync(key, id, cancellationToken), cancellationToken),
                cancellationToken);
        var isValid = Guid.TryParse(id, out var signed)
            && links.IsValid(signed, request.Query[ResultLinks.ExpiryParameter], signature);
        return api.AnswerSignedAsync(request, isValid, async cancellationToken =>
            await FileAsync(request, await read.FindAsync(signed, cancellationToken), cancellationToken),
            cancellationToken);
    }

    private async Task<IResult> FileAsync(HttpRequest request, Artwork artwork, CancellationToken cancellationToken)
    {
        if (artwork.ResultContentType is not { } type
            || await images.OpenResultAsync(artwork.Id, type, cancellationToken) is not { } stored)
            throw ApiException.NotFound();
        Answers.SetConfidence(request.HttpContext.Response, artwork);
        return new StoredFileResult(stored, type);
    }
}
