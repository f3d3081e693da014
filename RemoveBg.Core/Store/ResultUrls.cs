using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;

namespace RemoveBg.Core.Store;

/// <summary>Signs URLs that read one blob: with the account's key where there is one (Azurite), and with a key that
/// storage lends to our identity where there is none (user delegation SAS, Azure).</summary>
internal sealed class ResultUrls(BlobServiceClient blobs, TimeSpan lifetime, TimeProvider clock)
{
    /// <summary>How far our clock may be off from storage's. A URL has no start at all; a
    /// lent key must have one.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(15);

    /// <summary>A lent key serves all URLs of some hours; storage lends for at most seven days.</summary>
    private static readonly TimeSpan KeyBeyondUrl = TimeSpan.FromHours(6);

    private UserDelegationKey? _lent;

    /// <remarks>The expiry moves in steps of a twelfth of the lifetime, so that a poll and a webhook of the
    /// same minutes carry the same URL.</remarks>
    public async Task<string> SignAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        var step =
            Math.Max(TimeSpan.TicksPerSecond, lifetime.Ticks / 12 / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond);
        var now = clock.GetUtcNow();
        var expires = new DateTimeOffset(now.UtcTicks / step * step, TimeSpan.Zero) + lifetime;
        var sas = new BlobSasBuilder(BlobSasPermissions.Read, expires)
        {
            BlobContainerName = blob.BlobContainerName,
            BlobName = blob.Name,
            Resource = "b",
        };
        if (blob.CanGenerateSasUri) return blob.GenerateSasUri(sas).AbsoluteUri;

        sas.Protocol = SasProtocol.Https;
        var key = _lent;
        if (key is null || key.SignedExpiresOn < expires)
            _lent =
                key = await blobs.GetUserDelegationKeyAsync(now - ClockSkew, expires + KeyBeyondUrl, cancellationToken);
        return new BlobUriBuilder(blob.Uri) { Sas = sas.ToSasQueryParameters(key, blobs.AccountName) }
            .ToUri().AbsoluteUri;
    }
}
