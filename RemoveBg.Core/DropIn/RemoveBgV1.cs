using Microsoft.Extensions.Logging;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;

namespace RemoveBg.Core.DropIn;

/// <summary>A finished cut-out, read from storage while it is sent; dispose it to delete the artwork.</summary>
/// <param name="file">The encoded image.</param>
/// <param name="length">Its bytes.</param>
/// <param name="contentType">Its media type.</param>
/// <param name="place">Its size and the subject's rectangle in it.</param>
/// <param name="delete">Deletes the artwork.</param>
public sealed class V1Result(Stream file, long length, string contentType, SubjectPlace place, Func<Task> delete)
    : IAsyncDisposable
{
    private bool _isDisposed;

    public Stream File { get; } = file;

    public long Length { get; } = length;

    public string ContentType { get; } = contentType;

    public SubjectPlace Place { get; } = place;

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await File.DisposeAsync();
        await delete();
    }
}

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
    /// <param name="body">Memory of the request, which is given back as soon as its images are stored.</param>
    /// <param name="cancellationToken">Cancelled when the caller hangs up.</param>
    /// <exception cref="V1Exception">400: the image is at fault.</exception>
    /// <exception cref="ApiException">500: the service is at fault, or the artwork did not finish in time.</exception>
    public async Task<V1Result> RemoveAsync(ApiKey key, SubmitRequest request, IDisposable body,
        CancellationToken cancellationToken)
    {
        // 1. A job like any other: it needs a permit, is retried, and counts against the key's rate.
        var artwork = await submit.SubmitAsync(key, request, idempotencyKey: null, cancellationToken);
        body.Dispose();
        V1Result? result = null;
        try
        {
            // 2. Wait until it has ended.
            artwork = await WaitAsync(artwork, cancellationToken);
            if (artwork.Failure is { } failure)
                throw ArtworkFailure.RemoveBgErrors.GetValueOrDefault(failure.Code) is { } error
                    ? new V1Exception(400, new V1Problem(error.Title, error.Code, failure.Message))
                    : (Exception)ServerError(failure.Message);
            if (artwork.Status == ArtworkStatus.Canceled) throw ServerError("The artwork was canceled.");
            if (artwork is not { Status: ArtworkStatus.Succeeded, ResultContentType: { } type, Subject: { } place })
                throw ServerError($"Not finished after {LongestWait.TotalSeconds:0} s; use "
                    + "/v2/artworks/remove-background, which does not wait.");

            // 3. Send the image, and then delete it.
            if (await images.OpenResultAsync(artwork.Id, type, cancellationToken) is not { } stored)
                throw ServerError("The result is no longer stored.");
            return result = new(stored.Content, stored.Length, type, place, () => DeleteAsync(key, artwork));
        }
        finally
        {
            // 4. Delete it also if there is nothing to send, or the caller has hung up.
            if (result is null) await DeleteAsync(key, artwork);
        }
    }

    private async Task<Artwork> WaitAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        try
        {
            return await read.WaitUntilEndedAsync(artwork, LongestWait, cancellationToken);
        }
        catch (ApiException problem) when (problem.StatusCode == 404)
        {
            throw ServerError("The artwork was deleted before it had ended.");
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
        catch (ApiException problem) when (problem.StatusCode == 404)
        {
            // The caller has deleted it by the other route.
        }
        catch (Exception problem) when (StorageFailure.Is(problem, CancellationToken.None))
        {
            log.NotDeleted(problem, artwork.Id);
        }
    }

    private static ApiException ServerError(string detail) => new(500, detail);
}
