using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Store;

/// <summary>Images that a request may contain.</summary>
public enum StoredInput
{
    Photo,
    Background,
}

/// <summary>Stores results, and inputs that came with the request, as blobs.</summary>
/// <remarks>Blobs are named by the artwork's id, so that a second worker overwrites the same blob.</remarks>
public sealed class StoredImages(StorageClients storage, IOptions<ResultOptions> options, TimeProvider clock)
{
    public const string ResultContainer = "results";
    public const string InputContainer = "inputs";

    private readonly BlobContainerClient _results = storage.Container(ResultContainer);
    private readonly BlobContainerClient _inputs = storage.Container(InputContainer);
    private readonly ResultUrls _urls = new(storage.Blobs, options.Value.UrlLifetime, clock);

    public async Task PutResultAsync(Guid id, Stream image, string contentType,
        CancellationToken cancellationToken) =>
        await Result(id, contentType).UploadAsync(image, new BlobUploadOptions
        {
            HttpHeaders = new()
            {
                ContentType = contentType,
                ContentDisposition = $"attachment; filename=\"{FileName(id, contentType)}\"",
                CacheControl = "private, max-age=3600",
            },
        }, cancellationToken);

    public Task PutInputAsync(Guid id, StoredInput which, BinaryData image, CancellationToken cancellationToken) =>
        Input(id, which).UploadAsync(image, overwrite: true, cancellationToken);

    /// <returns>Null if it does not exist or has been deleted.</returns>
    public Task<BinaryData?> GetInputAsync(Guid id, StoredInput which, CancellationToken cancellationToken) =>
        GetAsync(Input(id, which), cancellationToken);

    /// <returns>Null if it does not exist or has been deleted.</returns>
    public Task<BinaryData?> GetResultAsync(Guid id, string contentType, CancellationToken cancellationToken) =>
        GetAsync(Result(id, contentType), cancellationToken);

    private static async Task<BinaryData?> GetAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return (await blob.DownloadContentAsync(cancellationToken)).Value.Content;
        }
        catch (RequestFailedException problem) when (problem.Status == 404)
        {
            return null;
        }
    }

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
    /// <returns>Number of deleted blobs.</returns>
    public async Task<int> DeleteOlderThanAsync(DateTimeOffset cutoff, CancellationToken cancellationToken)
    {
        var deleted = 0;
        foreach (var container in new[] { _results, _inputs })
            await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions(), cancellationToken))
            {
                // Names begin with version 7 ids and are listed in order: stop at the first one that is too new.
                if (blob.Properties.LastModified >= cutoff) break;
                await container.DeleteBlobIfExistsAsync(blob.Name, cancellationToken: cancellationToken);
                deleted++;
            }
        return deleted;
    }

    private BlobClient Input(Guid id, StoredInput which) =>
        _inputs.GetBlobClient(which == StoredInput.Photo ? $"{id:N}" : $"{id:N}_background");

    private BlobClient Result(Guid id, string contentType) => _results.GetBlobClient(FileName(id, contentType));

    private static string FileName(Guid id, string contentType) => $"{id:N}.{ResultTypes.Extension(contentType)}";
}
