using System.Text;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary>Options of an import.</summary>
/// <param name="Replaces">Whether it overwrites what storage has differently.</param>
/// <param name="IsDryRun">Whether it only says what it would do.</param>
internal sealed record ImportOptions(bool Replaces, bool IsDryRun);

/// <summary>Writes all API keys into a file, and reads them from it, for operators.</summary>
internal sealed class KeyTransfer(ApiKeyTable keys, WebhookSecretTable secrets, AuditTable audit, TimeProvider clock,
    Operator user)
{
    private const int ConflictsShown = 10;

    /// <summary>Exports all keys with their sealed webhook secrets. Their use is left out.</summary>
    /// <param name="path">A file that does not exist yet; only its owner may read it.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public async Task ExportAsync(string path, CancellationToken cancellationToken)
    {
        // Before the audit log says that it was done.
        if (Path.Exists(path)) throw Unwritable(path, "it exists");
        var all = await keys.AllAsync(cancellationToken).ToListAsync(cancellationToken);
        var sealedSecrets = await secrets.AllAsync(cancellationToken).ToListAsync(cancellationToken);
        var seal = await secrets.FindPublicKeyAsync(cancellationToken);
        foreach (var key in all.DistinctBy(key => key.Id))
            await audit.AddAsync(user.Who, AuditAction.Export, key.Id, key.Name, "to a file", cancellationToken);
        var file = new KeyFile(KeyFile.FormatName, 1, clock.GetUtcNow(),
            seal is null ? null : Convert.ToBase64String(seal),
            [.. all.OrderBy(key => key.Name, StringComparer.Ordinal).ThenBy(key => key.Id, StringComparer.Ordinal)
                .Select(KeyInFile.Of)],
            [.. sealedSecrets.OrderBy(secret => secret.KeyId, StringComparer.Ordinal).Select(SecretInFile.Of)]);
        await WriteAsync(path, file.ToJson(), cancellationToken);
        user.Console.WriteLine($"Exported {Count(file.Keys!.Count, "key")} and "
            + $"{Count(file.WebhookSecrets!.Count, "webhook secret")} to {path}.");
        user.Console.WriteLine("Keep it as secret as the names and limits in it; the global webhook secret, which "
            + "opens the webhook secrets, is not in it.");
    }

    /// <summary>Imports what storage does not have yet. Nothing is written if anything in the file cannot be
    /// used.</summary>
    /// <exception cref="UserException">The file cannot be read or is damaged, or storage has something
    /// else.</exception>
    public async Task ImportAsync(string path, ImportOptions options, CancellationToken cancellationToken)
    {
        var file = KeyFile.Parse(await ReadAsync(path, cancellationToken));
        var stored = (await keys.AllAsync(cancellationToken).ToListAsync(cancellationToken))
            .ToDictionary(key => KeyInFile.Of(key).Sha256!);
        var storedSecrets = (await secrets.AllAsync(cancellationToken).ToListAsync(cancellationToken))
            .ToDictionary(secret => secret.KeyId);
        List<KeyInFile> newKeys = [], changedKeys = [];
        foreach (var key in file.Keys!.Select(key => key!))
            if (!stored.TryGetValue(key.Sha256!, out var old)) newKeys.Add(key);
            else if (!key.IsSameAs(KeyInFile.Of(old))) changedKeys.Add(key);
        List<SecretInFile> newSecrets = [], changedSecrets = [];
        foreach (var secret in file.WebhookSecrets!.Select(secret => secret!))
            if (!storedSecrets.TryGetValue(secret.KeyId!, out var old)) newSecrets.Add(secret);
            else if (secret != SecretInFile.Of(old)) changedSecrets.Add(secret);

        if (!options.Replaces && changedKeys.Count + changedSecrets.Count > 0)
            throw Conflict([
                .. changedKeys.Select(key => $"{key.Id} ({key.Name}, SHA-256 {key.Sha256![..12]}…)"),
                .. changedSecrets.Select(secret => $"the webhook secret of {secret.KeyId}"),
            ]);
        if (!options.IsDryRun)
            await WriteAsync([.. newKeys, .. changedKeys], [.. newSecrets, .. changedSecrets], stored, file,
                cancellationToken);

        var unchanged = file.Keys!.Count - newKeys.Count - changedKeys.Count;
        var sameSecrets = file.WebhookSecrets!.Count - newSecrets.Count - changedSecrets.Count;
        user.Console.WriteLine($"{(options.IsDryRun ? "Would import" : "Imported")} {Count(newKeys.Count, "new key")} "
            + $"and {Count(newSecrets.Count, "new webhook secret")}; replaced: {Count(changedKeys.Count, "key")} and "
            + $"{Count(changedSecrets.Count, "webhook secret")}; the same already: {Count(unchanged, "key")} and "
            + $"{Count(sameSecrets, "webhook secret")}.");
        if (file.SealKey is { } from && await secrets.FindPublicKeyAsync(cancellationToken) is { } here
            && Convert.ToBase64String(here) != from)
            user.Console.WriteLine("The service of this storage has another global webhook secret than the one that "
                + "the webhook secrets in the file were sealed for: set RemoveBg:Webhook:Secrets to this service's "
                + "and, after a space, the other's, and restart it; it then seals them for its own.");
    }

    private async Task WriteAsync(IReadOnlyList<KeyInFile> changedKeys, IReadOnlyList<SecretInFile> changedSecrets,
        Dictionary<string, ApiKey> stored, KeyFile file, CancellationToken cancellationToken)
    {
        var names = file.Keys!.DistinctBy(key => key!.Id).ToDictionary(key => key!.Id!, key => key!.Name!);
        var ids = changedKeys.Select(key => key.Id!).Concat(changedSecrets.Select(secret => secret.KeyId!)).Distinct();
        foreach (var id in ids)
        {
            await audit.AddAsync(user.Who, AuditAction.Import, id, names.GetValueOrDefault(id, ""), "from a file of "
                + $"{file.ExportedAt:u}", cancellationToken);
            // The secret first: the key's first webhook is signed with it.
            foreach (var secret in changedSecrets.Where(secret => secret.KeyId == id))
                await secrets.PutAsync(secret.ToSecrets(), cancellationToken);
            foreach (var key in changedKeys.Where(key => key.Id == id))
            {
                var before = stored.GetValueOrDefault(key.Sha256!);
                await keys.ReplaceAsync(key.ToKey() with { Uses = before?.Uses ?? 0, LastUsedAt = before?.LastUsedAt },
                    cancellationToken);
            }
        }
    }

    private static async Task WriteAsync(string path, string json, CancellationToken cancellationToken)
    {
        try
        {
            await WholeFile.WriteAsync(path, Encoding.UTF8.GetBytes(json), replace: false, cancellationToken,
                isPrivate: true);
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            throw Unwritable(path, FileProblem.Reason(problem, path));
        }
    }

    private static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            throw new UserException($"{path} cannot be read: {FileProblem.Reason(problem, path)}.");
        }
    }

    private static UserException Unwritable(string path, string why) =>
        new($"{path} cannot be written: {why}. Give the name of a new file.");

    private static UserException Conflict(IReadOnlyList<string> all)
    {
        var shown = string.Join("; ", all.Take(ConflictsShown))
            + (all.Count > ConflictsShown ? $"; and {all.Count - ConflictsShown} more" : "");
        return new($"Storage has these otherwise than the file: {shown}. Nothing was imported; --replace overwrites "
            + "them.");
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}
