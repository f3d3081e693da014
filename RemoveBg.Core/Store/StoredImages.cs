using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Store;

/// <summary>What may come in a request.</summary>
public enum StoredInput
{
    Photo,
    Background,
}

/// <summary>The bytes: results, and inputs that came in the request. One blob per artwork and container, named by its
/// id, so that a second worker overwrites with the same bytes instead of adding.</summary>
public sealed class StoredImages(StorageClients storage, IOptions<ResultOptions> options, TimeProvider clock)
{
    public const string ResultContainer = "results";
    public const string InputContainer = "inputs";

    private readonly BlobContainerClient _results = storage.Container(ResultContainer);
    private readonly BlobContainerClient _inputs = storage.Container(InputContainer);
    private readonly ResultUrls _urls = new(storage.Blobs, options.Value.UrlLifetime, clock);

    public async Task PutResultAsync(Guid id, Stream picture, string contentType,
        CancellationToken cancellationToken) =>
        await Result(id, contentType).UploadAsync(picture, new BlobUploadOptions
        {
            HttpHeaders = new()
            {
                ContentType = contentType,
                ContentDisposition = $"attachment; filename=\"{FileName(id, contentType)}\"",
                CacheControl = "private, max-age=3600",
            },
        }, cancellationToken);

    public Task PutInputAsync(Guid id, StoredInput which, BinaryData picture, CancellationToken cancellationToken) =>
        Input(id, which).UploadAsync(picture, overwrite: true, cancellationToken);

    /// <returns>Null when it is not there (any more).</returns>
    public Task<BinaryData?> GetInputAsync(Guid id, StoredInput which, CancellationToken cancellationToken) =>
        GetAsync(Input(id, which), cancellationToken);

    /// <returns>Null when it is not there (any more).</returns>
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

    /// <summary>A URL that reads this one result and nothing else, for at most
    /// <see cref="ResultOptions.UrlLifetime"/>.</summary>
    public Task<string> SignResultUrlAsync(Guid id, string contentType, CancellationToken cancellationToken) =>
        _urls.SignAsync(Result(id, contentType), cancellationToken);

    /// <summary>Erases what is older than the retention. Azure's lifecycle rule does the
    /// same; Azurite has none.</summary>
    public async Task<int> EraseOlderThanAsync(DateTimeOffset cutoff, CancellationToken cancellationToken)
    {
        var erased = 0;
        foreach (var container in new[] { _results, _inputs })
            await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions(), cancellationToken))
            {
                // Names begin with version 7 ids and are listed in order: the first young one ends the search.
                if (blob.Properties.LastModified >= cutoff) break;
                await container.DeleteBlobIfExistsAsync(blob.Name, cancellationToken: cancellationToken);
                erased++;
            }
        return erased;
    }

    private BlobClient Input(Guid id, StoredInput which) =>
        _inputs.GetBlobClient(which == StoredInput.Photo ? $"{id:N}" : $"{id:N}_background");

    private BlobClient Result(Guid id, string contentType) => _results.GetBlobClient(FileName(id, contentType));

    private static string FileName(Guid id, string contentType) => $"{id:N}.{ResultTypes.Extension(contentType)}";
}
