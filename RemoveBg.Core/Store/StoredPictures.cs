using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Store;

/// <summary>The bytes: results, and inputs that came in the request. One blob per artwork and container, named by its id,
/// so that a second worker overwrites with the same bytes instead of adding.</summary>
public sealed class StoredPictures(StorageClients storage, IOptions<ResultOptions> options, TimeProvider clock)
{
    public const string ResultContainer = "results";
    public const string InputContainer = "inputs";

    private readonly BlobContainerClient _results = storage.Container(ResultContainer);
    private readonly BlobContainerClient _inputs = storage.Container(InputContainer);
    private UserDelegationKey? _delegation;

    public async Task PutResult(Guid id, Stream picture, string contentType, CancellationToken cancel) =>
        await Result(id, contentType).UploadAsync(picture, new BlobUploadOptions
        {
            HttpHeaders = new()
            {
                ContentType = contentType,
                ContentDisposition = $"attachment; filename=\"{FileName(id, contentType)}\"",
                CacheControl = "private, max-age=3600",
            },
        }, cancel);

    public Task PutInput(Guid id, BinaryData picture, CancellationToken cancel) =>
        _inputs.GetBlobClient(id.ToString("N")).UploadAsync(picture, overwrite: true, cancel);

    /// <returns>Null when it is not there (any more).</returns>
    public async Task<BinaryData?> GetInput(Guid id, CancellationToken cancel)
    {
        try
        {
            return (await _inputs.GetBlobClient(id.ToString("N")).DownloadContentAsync(cancel)).Value.Content;
        }
        catch (RequestFailedException problem) when (problem.Status == 404)
        {
            return null;
        }
    }

    public async Task DeleteResult(Guid id, CancellationToken cancel)
    {
        foreach (var contentType in new[] { "image/webp", "image/png" })
            await Result(id, contentType).DeleteIfExistsAsync(cancellationToken: cancel);
    }

    public async Task DeleteInput(Guid id, CancellationToken cancel) =>
        await _inputs.GetBlobClient(id.ToString("N")).DeleteIfExistsAsync(cancellationToken: cancel);

    /// <summary>A URL that reads this one result and nothing else, for at most <see cref="ResultOptions.UrlLifetime"/>.</summary>
    /// <remarks>The expiry moves in steps of a twelfth of the lifetime, so that a poll and a webhook of the same minutes carry the same URL.</remarks>
    public async Task<string> SignResultUrl(Guid id, string contentType, CancellationToken cancel)
    {
        var lifetime = options.Value.UrlLifetime;
        var step = Math.Max(TimeSpan.TicksPerSecond, lifetime.Ticks / 12 / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond);
        var now = clock.GetUtcNow();
        var expires = new DateTimeOffset(now.UtcTicks / step * step, TimeSpan.Zero) + lifetime;

        var blob = Result(id, contentType);
        var sas = new BlobSasBuilder(BlobSasPermissions.Read, expires)
        {
            BlobContainerName = blob.BlobContainerName,
            BlobName = blob.Name,
            Resource = "b",
        };
        if (blob.CanGenerateSasUri) return blob.GenerateSasUri(sas).AbsoluteUri;

        // Managed identity: no account key to sign with, so a key that storage lends us. A little slack on its start for clock skew.
        if (_delegation is null || _delegation.SignedExpiresOn < expires)
            _delegation = await storage.Blobs.GetUserDelegationKeyAsync(now.AddMinutes(-15), expires.AddHours(6), cancel);
        return new BlobUriBuilder(blob.Uri) { Sas = sas.ToSasQueryParameters(_delegation, storage.Blobs.AccountName) }.ToUri().AbsoluteUri;
    }

    /// <summary>Erases what is older than the retention. Azure's lifecycle rule does the same; Azurite has none.</summary>
    public async Task<int> EraseOlderThan(DateTimeOffset cutoff, CancellationToken cancel)
    {
        var erased = 0;
        foreach (var container in new[] { _results, _inputs })
            await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions(), cancel))
            {
                // Names begin with version 7 ids and are listed in order: the first young one ends the search.
                if (blob.Properties.LastModified >= cutoff) break;
                await container.DeleteBlobIfExistsAsync(blob.Name, cancellationToken: cancel);
                erased++;
            }
        return erased;
    }

    private BlobClient Result(Guid id, string contentType) => _results.GetBlobClient(FileName(id, contentType));

    private static string FileName(Guid id, string contentType) => $"{id:N}.{(contentType == "image/png" ? "png" : "webp")}";
}
