using Microsoft.Extensions.Logging;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;

namespace RemoveBg.Core.DropIn;

/// <summary>A finished picture, and where in it the subject is.</summary>
public sealed record V1Result(BinaryData File, string ContentType, SubjectPlace Place);

/// <summary>Takes an artwork over the whole road while the caller waits, and leaves nothing behind.</summary>
public sealed class RemoveBgV1(SubmitArtwork submit, ReadArtwork read, CancelArtwork cancelArtwork,
    DeleteArtwork delete, StoredPictures pictures,
    ILogger<RemoveBgV1> log)
{
    /// <summary>Azure ends every answer after 230 s.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(200);

    /// <summary>remove.bg's words for our failure codes.</summary>
    private static readonly Dictionary<string, V1Problem> Words = new()
    {
        [ArtworkFailure.ImageUrlBlocked] = new("Invalid image URL", "invalid_image_url"),
        [ArtworkFailure.ImageUnreachable] = new("Failed to download image", "failed_image_download"),
        [ArtworkFailure.ImageTimeout] = new("Failed to download image", "failed_image_download"),
        [ArtworkFailure.TooManyRedirects] = new("Failed to download image", "failed_image_download"),
        [ArtworkFailure.ImageTooLarge] = new("File size too large", "file_size_too_large"),
        [ArtworkFailure.ImageTooManyPixels] = new("Resolution too high", "resolution_too_high"),
        [ArtworkFailure.UnsupportedFormat] = new("Invalid file type", "invalid_file_type"),
        [ArtworkFailure.ImageCorrupt] = new("Failed to read image", "failed_to_read_image"),
        [ArtworkFailure.NoForeground] = new("Could not identify foreground in image", "unknown_foreground"),
    };

    /// <exception cref="V1Exception">400: the picture is at fault.</exception>
    /// <exception cref="ApiException">500: we are; like every 500 it is answered with a trace id.</exception>
    public async Task<V1Result> RemoveAsync(ApiKey key, SubmitRequest request, CancellationToken cancellationToken)
    {
        // 1. As any other job: it waits for its key's turn, is tried again, and counted.
        var artwork = await submit.SubmitAsync(key, request, idempotencyKey: null, cancellationToken);
        try
        {
            // 2. Until it has ended.
            artwork = await read.WaitUntilEndedAsync(artwork, Longest, cancellationToken);
            if (artwork.Failure is { } failure)
                throw Words.TryGetValue(failure.Code, out var words)
                    ? new V1Exception(400, words with { Detail = failure.Message }) : (Exception)Ours(failure.Message);
            if (artwork is not { Status: ArtworkStatus.Succeeded, ResultContentType: { } type, Subject: { } place })
                throw Ours($"Not finished after {Longest.TotalSeconds:0} s; use /v2/artworks/remove-background, which "
                    + $"does not wait.");

            // 3. The picture.
            return await pictures.GetResultAsync(artwork.Id, type, cancellationToken) is { } file
                ? new(file, type, place) : throw Ours("The result is no longer stored.");
        }
        finally
        {
            // 4. Also when the caller has hung up.
            await EraseAsync(key, artwork);
        }
    }

    /// <summary>What cannot be erased now is erased by the retention: no reason to
    /// withhold a finished picture.</summary>
    private async Task EraseAsync(ApiKey key, Artwork artwork)
    {
        try
        {
            if (!artwork.Status.IsTerminal())
                await cancelArtwork.CancelAsync(key, artwork.Id.ToString(), CancellationToken.None);
            await delete.DeleteAsync(key, artwork.Id.ToString(), CancellationToken.None);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, CancellationToken.None))
        {
            log.LogWarning(problem, "Artwork {ArtworkId} is answered and could not be erased", artwork.Id);
        }
    }

    private static ApiException Ours(string detail) => new(500, detail);
}
