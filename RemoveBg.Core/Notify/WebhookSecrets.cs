using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Notify;

/// <summary>Finds the secrets that sign an API key's webhooks. At startup, publishes the public key that seals secrets,
/// and seals again what was sealed with the global secret that is being retired.</summary>
public sealed class WebhookSecrets(WebhookSecretTable table, StorageSetup storage, IOptions<WebhookOptions> options,
    TimeProvider clock, ILogger<WebhookSecrets> log) : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(1);

    /// <summary>API keys without a secret of their own of which the log has warned.</summary>
    private readonly ConcurrentDictionary<string, bool> _warned = new();

    /// <summary>Finds the secrets that sign now: the API key's own, and while it is being rotated the one before; the
    /// global ones if it has none.</summary>
    /// <returns>Null if the API key's secret cannot be opened: then nothing may be sent, because the receiver would
    /// reject every other signature.</returns>
    public async Task<IReadOnlyList<byte[]>?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        var global = options.Value.ReadKeys();
        if (await table.FindAsync(keyId, cancellationToken) is not { } secrets)
        {
            if (_warned.TryAdd(keyId, true)) log.NoOwnSecret(keyId);
            return global;
        }
        if (Open(global, keyId, secrets.Current) is not { } current)
        {
            log.SecretUnreadable(keyId);
            return null;
        }
        if (!(secrets.PreviousUntil > clock.GetUtcNow())) return [current];
        if (secrets.Previous is null) return [current, .. global];
        if (Open(global, keyId, secrets.Previous) is { } previous) return [current, previous];
        log.SecretUnreadable(keyId);
        return [current];
    }

    /// <summary>Publishes the public key of the first global secret, and seals again for it what was sealed for
    /// another.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await storage.EnsureAsync(cancellationToken);
        var global = options.Value.ReadKeys();
        var publicKey = SecretSeal.PublicKeyOf(global[0]);
        await table.PublishAsync(publicKey, cancellationToken);
        await foreach (var secrets in table.AllAsync(cancellationToken))
        {
            var (current, previous) = (Again(secrets.Current), secrets.Previous is { } it ? Again(it) : null);
            if (current != secrets.Current || previous != secrets.Previous)
                await table.TryReplaceAsync(secrets with { Current = current, Previous = previous }, cancellationToken);

            string Again(string box)
            {
                if (SecretSeal.TryOpen(global[0], secrets.KeyId, box) is not null) return box;
                var opened = global.Skip(1).Select(secret => SecretSeal.TryOpen(secret, secrets.KeyId, box))
                    .FirstOrDefault(secret => secret is not null);
                if (opened is not null) return SecretSeal.Seal(publicKey, secrets.KeyId, opened);
                log.SecretUnreadable(secrets.KeyId);
                return box;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await PrepareAsync(stoppingToken);
                return;
            }
            catch (Exception problem) when (!stoppingToken.IsCancellationRequested)
            {
                // Not fatal: webhooks are signed without it, and storage may come back.
                log.SealNotPublished(problem.GetBaseException().Message);
            }
            await Task.Delay(RetryInterval, clock, stoppingToken);
        }
    }

    private static byte[]? Open(IReadOnlyList<byte[]> global, string keyId, string box)
    {
        var secret = global.Select(candidate => SecretSeal.TryOpen(candidate, keyId, box))
            .FirstOrDefault(opened => opened is not null);
        return secret is null ? null : WebhookSigner.KeyOf(secret);
    }
}
