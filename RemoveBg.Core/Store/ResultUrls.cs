using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;

namespace RemoveBg.Core.Store;

/// <summary>Signs URLs that read one blob: with the account key if the client has one (Azurite), else with a user
/// delegation key for the managed identity (Azure).</summary>
internal sealed class ResultUrls(BlobServiceClient blobs, TimeSpan lifetime, TimeProvider clock)
{
    /// <summary>Largest difference allowed between our clock and storage's. A URL needs no start time, a delegation key
    /// does.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(15);

        /// <summary>Validity of a delegation key beyond that of a URL, so that it serves many URLs. Storage allows
        /// seven days.</summary>
    private static readonly TimeSpan KeyBeyondUrl = TimeSpan.FromHours(6);

    private UserDelegationKey? _delegationKey;

    /// <summary>Returns the expiry of a URL that is signed now.</summary>
    /// <remarks>It moves in steps of a twelfth of the lifetime, so that a poll and a webhook within minutes carry the
    /// same URL.</remarks>
    public static DateTimeOffset Expiry(DateTimeOffset now, TimeSpan lifetime)
    {
        var step =
            Math.Max(TimeSpan.TicksPerSecond, lifetime.Ticks / 12 / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond);
        return new DateTimeOffset(now.UtcTicks / step * step, TimeSpan.Zero) + lifetime;
    }

    /// <summary>Signs a URL for a blob.</summary>
    public async Task<string> SignAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var expires = Expiry(now, lifetime);
        var sas = new BlobSasBuilder(BlobSasPermissions.Read, expires)
        {
            BlobContainerName = blob.BlobContainerName,
            BlobName = blob.Name,
            Resource = "b",
        };
        if (blob.CanGenerateSasUri) return blob.GenerateSasUri(sas).AbsoluteUri;

        sas.Protocol = SasProtocol.Https;
        var key = _delegationKey;
        if (key is null || key.SignedExpiresOn < expires)
            _delegationKey =
                key = await blobs.GetUserDelegationKeyAsync(now - ClockSkew, expires + KeyBeyondUrl, cancellationToken);
        return new BlobUriBuilder(blob.Uri) { Sas = sas.ToSasQueryParameters(key, blobs.AccountName) }
            .ToUri().AbsoluteUri;
    }
}
