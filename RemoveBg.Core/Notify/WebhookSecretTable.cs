using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Notify;

/// <summary>The webhook secrets of one API key, sealed.</summary>
/// <param name="KeyId">The API key.</param>
/// <param name="Current">The secret.</param>
/// <param name="Previous">The one before; null for the global secret.</param>
/// <param name="PreviousUntil">When the one before stops signing; null if there is none.</param>
public sealed record SealedSecrets(string KeyId, string Current, string? Previous, DateTimeOffset? PreviousUntil)
{
    internal ETag ETag { get; init; }
}

/// <summary>Stores the API keys' webhook secrets, sealed, in the table <c>keys</c>: a row per API key, and one with the
/// public key that seals them.</summary>
public sealed class WebhookSecretTable(StorageClients storage, TimeProvider clock)
{
    private const string Partition = "webhook", SealPartition = "webhook-seal", SealRow = "current";
    private readonly TableClient _rows = storage.Table("keys");

    /// <returns>Null if the API key has no secret of its own.</returns>
    public async Task<SealedSecrets?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        var found =
            await _rows.GetEntityIfExistsAsync<TableEntity>(Partition, keyId, cancellationToken: cancellationToken);
        return found.HasValue ? Read(found.Value!) : null;
    }

    public async IAsyncEnumerable<SealedSecrets> AllAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in _rows.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {Partition}"), cancellationToken: cancellationToken))
            yield return Read(row);
    }

    /// <summary>Creates a secret. The one before, or the global one, signs too for the time of
    /// <paramref name="overlap"/>.</summary>
    /// <param name="keyId">The API key.</param>
    /// <param name="publicKey">From <see cref="FindPublicKeyAsync"/>.</param>
    /// <param name="overlap">Zero for a new API key, or after a leak.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    /// <returns>The secret, <c>whsec_…</c>; it cannot be read again.</returns>
    public async Task<string> CreateAsync(string keyId, byte[] publicKey, TimeSpan overlap,
        CancellationToken cancellationToken)
    {
        var secret = WebhookSigner.GenerateSecret();
        var before = await FindAsync(keyId, cancellationToken);
        await _rows.UpsertEntityAsync(Row(new(keyId, SecretSeal.Seal(publicKey, keyId, secret), before?.Current,
            overlap > TimeSpan.Zero ? clock.GetUtcNow() + overlap : null)), TableUpdateMode.Replace, cancellationToken);
        return secret;
    }

    /// <summary>Writes secrets that are sealed already.</summary>
    public async Task PutAsync(SealedSecrets secrets, CancellationToken cancellationToken) =>
        await _rows.UpsertEntityAsync(Row(secrets), TableUpdateMode.Replace, cancellationToken);

    public async Task DeleteAsync(string keyId, CancellationToken cancellationToken) =>
        await _rows.DeleteEntityAsync(Partition, keyId, ETag.All, cancellationToken);

    /// <summary>Finds the public key that the service has published.</summary>
    /// <returns>Null if no service has started on this storage.</returns>
    public async Task<byte[]?> FindPublicKeyAsync(CancellationToken cancellationToken)
    {
        var found = await _rows.GetEntityIfExistsAsync<TableEntity>(SealPartition, SealRow,
            cancellationToken: cancellationToken);
        return found.HasValue ? found.Value!.GetBinary("PublicKey") : null;
    }

    public async Task PublishAsync(byte[] publicKey, CancellationToken cancellationToken) =>
        await _rows.UpsertEntityAsync(new TableEntity(SealPartition, SealRow) { ["PublicKey"] = publicKey },
            TableUpdateMode.Replace, cancellationToken);

    /// <summary>Writes secrets that were sealed again, unless the row has changed or has been deleted.</summary>
    internal async Task TryReplaceAsync(SealedSecrets secrets, CancellationToken cancellationToken)
    {
        try
        {
            await _rows.UpdateEntityAsync(Row(secrets), secrets.ETag, TableUpdateMode.Replace, cancellationToken);
        }
        catch (RequestFailedException problem) when (problem.Status is 404 or 412)
        {
            // A command or another instance was faster.
        }
    }

    private static TableEntity Row(SealedSecrets secrets)
    {
        var row = new TableEntity(Partition, secrets.KeyId) { ["Secret"] = secrets.Current };
        if (secrets.PreviousUntil is not { } until) return row;
        row["PreviousUntil"] = until;
        if (secrets.Previous is { } previous) row["Previous"] = previous;
        return row;
    }

    private static SealedSecrets Read(TableEntity row) => new(row.RowKey, row.GetString("Secret"),
        row.GetString("Previous"), row.GetDateTimeOffset("PreviousUntil")) { ETag = row.ETag };
}
