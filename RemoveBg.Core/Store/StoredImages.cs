using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Store;

/// <summary>Images that a request may contain.</summary>
public enum StoredInput
{
    Photo,
    Background,
}

/// <summary>A stored file that is being read.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Length">Number of them.</param>
public sealed record StoredFile(Stream Content, long Length)
{
    /// <returns>Null if the blob does not exist or has been deleted.</returns>
    internal static async Task<StoredFile?> OpenAsync(BlobBaseClient blob, CancellationToken cancellationToken)
    {
        try
        {
            var stored = (await blob.DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
            return new(stored.Content, stored.Details.ContentLength);
        }
        catch (RequestFailedException problem) when (problem.Status == 404)
        {
            return null;
        }
    }
}

/// <summary>Stores results, and inputs that came with the request, as blobs.</summary>
/// <remarks>Blobs are named by the artwork's id, so that a second worker overwrites the same blob.</remarks>
public sealed class StoredImages(StorageClients storage, IOptions<ResultOptions> options, TimeProvider clock)
{
    public const string ResultContainer = "results";
    public const string InputContainer = "inputs";

    /// <summary>Blobs deleted at once.</summary>
    private const int AtOnce = 8;

    private readonly BlobContainerClient _results = storage.Container(ResultContainer);
    private readonly BlobContainerClient _inputs = storage.Container(InputContainer);
    private readonly ResultUrls _urls = new(storage.Blobs, options.Value.UrlLifetime, clock);

    /// <summary>Stores a result. Not cancellable once it has begun: the image lies in memory that is given back
    /// afterwards, and a cancelled upload may still read it.</summary>
    public async Task PutResultAsync(Guid id, Stream image, string contentType,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Result(id, contentType).UploadAsync(image, new BlobUploadOptions
        {
            HttpHeaders = new()
            {
                ContentType = contentType,
                ContentDisposition = $"attachment; filename=\"{FileName(id, contentType)}\"",
                CacheControl = "private, max-age=3600",
            },
        }, CancellationToken.None);
    }

    /// <summary>Stores an image that came with a request. Not cancellable, like <see cref="PutResultAsync"/>.</summary>
    public Task PutInputAsync(Guid id, StoredInput which, BinaryData image) =>
        Input(id, which).UploadAsync(image, overwrite: true, CancellationToken.None);

    /// <summary>A new blob for an artwork's file, which its worker writes, reads and deletes.</summary>
    public StoredPieces NewPieces(Guid id) => new(_inputs.GetBlockBlobClient($"{id:N}_{Guid.NewGuid():N}"));

    /// <returns>A result from its first byte; null if it does not exist or has been deleted.</returns>
    public Task<StoredFile?> OpenResultAsync(Guid id, string contentType, CancellationToken cancellationToken) =>
        StoredFile.OpenAsync(Result(id, contentType), cancellationToken);

    /// <returns>An input from its first byte; null if it does not exist or has been deleted.</returns>
    public Task<StoredFile?> OpenInputAsync(Guid id, StoredInput which, CancellationToken cancellationToken) =>
        StoredFile.OpenAsync(Input(id, which), cancellationToken);

    public async Task DeleteResultAsync(Guid id, CancellationToken cancellationToken)
    {
        foreach (var contentType in ResultTypes.All)
            await Result(id, contentType).DeleteIfExistsAsync(cancellationToken: cancellationToken);
    }

    public async Task DeleteInputAsync(Guid id, StoredInput which, CancellationToken cancellationToken) =>
        await Input(id, which).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    /// <summary>Signs a URL that can only read this result, for at most <see
    /// cref="ResultOptions.UrlLifetime"/>.</summary>
    public Task<string> SignResultUrlAsync(Guid id, string contentType, CancellationToken cancellationToken) =>
        _urls.SignAsync(Result(id, contentType), cancellationToken);

    /// <summary>Deletes blobs older than <paramref name="cutoff"/>. On Azure a lifecycle rule does the same; Azurite
    /// has none.</summary>
    /// <param name="cutoff">Time of the last change before which a blob is deleted.</param>
    /// <param name="isOver">Whether to leave the rest to the next time.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    /// <returns>Number of deleted blobs.</returns>
    public async Task<int> DeleteOlderThanAsync(DateTimeOffset cutoff, Func<bool> isOver,
        CancellationToken cancellationToken)
    {
        var deleted = 0;
        // Names begin with version 7 ids and are listed in order. No blob is older than its id, so the first id that is
        // too new ends the list; a blob may be newer than its id by as long as its artwork has waited.
        var end = Guid.CreateVersion7(cutoff).ToString("N")[..12];
        foreach (var container in new[] { _results, _inputs })
            await foreach (var page in container.GetBlobsAsync(new GetBlobsOptions(), cancellationToken).AsPages()
                .WithCancellation(cancellationToken))
            {
                var old = page.Values.TakeWhile(blob => string.CompareOrdinal(blob.Name, end) < 0).ToList();
                await Parallel.ForEachAsync(old.Where(blob => blob.Properties.LastModified < cutoff),
                    new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                    async (blob, stop) =>
                    {
                        if (isOver()) return;
                        await container.DeleteBlobIfExistsAsync(blob.Name, cancellationToken: stop);
                        Interlocked.Increment(ref deleted);
                    });
                if (old.Count < page.Values.Count || isOver()) break;
            }
        return deleted;
    }

    private BlobClient Input(Guid id, StoredInput which) =>
        _inputs.GetBlobClient(which == StoredInput.Photo ? $"{id:N}" : $"{id:N}_background");

    private BlobClient Result(Guid id, string contentType) => _results.GetBlobClient(FileName(id, contentType));

    private static string FileName(Guid id, string contentType) => $"{id:N}.{ResultTypes.Extension(contentType)}";
}
