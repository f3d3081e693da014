using Microsoft.Extensions.Logging;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;

namespace RemoveBg.Core.DropIn;

/// <summary>A finished cut-out.</summary>
/// <param name="File">The encoded image.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Place">Its size and the subject's rectangle in it.</param>
public sealed record V1Result(BinaryData File, string ContentType, SubjectPlace Place);

/// <summary>Processes an artwork while the caller waits, then deletes it.</summary>
public sealed class RemoveBgV1(SubmitArtwork submit, ReadArtwork read, CancelArtwork cancelArtwork,
    DeleteArtwork delete, StoredImages images,
    ILogger<RemoveBgV1> log)
{
    /// <summary>Below the 230 s after which Azure ends every response.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(200);

    /// <summary>Runs one request to its end.</summary>
    /// <param name="key">The caller's API key.</param>
    /// <param name="request">The translated request.</param>
    /// <param name="cancellationToken">Cancelled when the caller hangs up.</param>
    /// <exception cref="V1Exception">400: the image is at fault.</exception>
    /// <exception cref="ApiException">500: the service is at fault, or the artwork did not finish in time.</exception>
    public async Task<V1Result> RemoveAsync(ApiKey key, SubmitRequest request, CancellationToken cancellationToken)
    {
        // 1. A job like any other: it needs a permit, is retried, and counts against the key's rate.
        var artwork = await submit.SubmitAsync(key, request, idempotencyKey: null, cancellationToken);
        try
        {
            // 2. Wait until it has ended.
            artwork = await read.WaitUntilEndedAsync(artwork, LongestWait, cancellationToken);
            if (artwork.Failure is { } failure)
                throw ArtworkFailure.RemoveBgErrors.GetValueOrDefault(failure.Code) is { } error
                    ? new V1Exception(400, new V1Problem(error.Title, error.Code, failure.Message))
                    : (Exception)ServerError(failure.Message);
            if (artwork is not { Status: ArtworkStatus.Succeeded, ResultContentType: { } type, Subject: { } place })
                throw ServerError($"Not finished after {LongestWait.TotalSeconds:0} s; use "
                    + "/v2/artworks/remove-background, which does not wait.");

            // 3. Send the image.
            return await images.GetResultAsync(artwork.Id, type, cancellationToken) is { } file
                ? new(file, type, place) : throw ServerError("The result is no longer stored.");
        }
        finally
        {
            // 4. Delete it, even if the caller has hung up.
            await DeleteAsync(key, artwork);
        }
    }

    /// <summary>Deletes the artwork. If that fails, retention deletes it later, so a finished image is still
    /// returned.</summary>
    private async Task DeleteAsync(ApiKey key, Artwork artwork)
    {
        try
        {
            if (!artwork.Status.IsTerminal())
                await cancelArtwork.CancelAsync(key, artwork.Id.ToString(), CancellationToken.None);
            await delete.DeleteAsync(key, artwork.Id.ToString(), CancellationToken.None);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, CancellationToken.None))
        {
            log.NotDeleted(problem, artwork.Id);
        }
    }

    private static ApiException ServerError(string detail) => new(500, detail);
}
