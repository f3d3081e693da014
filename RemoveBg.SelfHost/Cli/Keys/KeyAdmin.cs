using System.Globalization;
using System.Security.Cryptography;
using RemoveBg.Core.Access;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Notify;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary>Rights and limits of a new key.</summary>
internal sealed record NewKey(string Name, IReadOnlyList<string> Scopes, int RatePerMinute, int Burst,
    int ConcurrentJobs, DateTimeOffset? ExpiresAt);

/// <summary>The operator of a command, with the console to read from and write to.</summary>
/// <param name="Console">Receives what a command says.</param>
/// <param name="Input">Answers questions.</param>
/// <param name="Who">Written to the audit log, <c>user@machine</c>.</param>
internal sealed record Operator(IAnsiConsole Console, TextReader Input, string Who);

/// <summary>Manages API keys in storage, for operators. Running hosts see changes within seconds. Each change is
/// written to the audit log first.</summary>
internal sealed class KeyAdmin(ApiKeyTable keys, WebhookSecretTable secrets, AuditTable audit, EraseKeyData data,
    RateLimit rates, TimeProvider clock, Operator user)
{
    private static readonly string SeenWithin = $"running hosts see it within {ApiKeyTable.CacheTime.TotalSeconds:0} s";

    private const string NoSeal =
        "the service has not started on this storage yet and published the key that seals secrets";

    /// <summary>Detail in the audit log of a change that was undone.</summary>
    private const string NotShown = "undone: it could not be shown";

    private readonly IAnsiConsole _console = user.Console;

    /// <summary>Export and import.</summary>
    public KeyTransfer Transfer { get; } = new(keys, secrets, audit, clock, user);

    /// <summary>Creates a key and its webhook secret.</summary>
    public async Task AddAsync(NewKey wanted, CancellationToken cancellationToken)
    {
        RequireFuture(wanted.ExpiresAt);
        var seal = await secrets.FindPublicKeyAsync(cancellationToken);
        var id = "key_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        var value = ApiKey.Generate();
        var key = new ApiKey(id, wanted.Name, ApiKey.HashOf(value), IsEnabled: true, wanted.ExpiresAt, wanted.Scopes,
            wanted.RatePerMinute, wanted.Burst, wanted.ConcurrentJobs);
        await RecordAsync(AuditAction.Add, key, $"scopes {string.Join(' ', key.Scopes)}; {key.RatePerMinute}/min, "
            + $"burst {key.Burst}, {key.ConcurrentJobs} concurrent; {Expiry(key.ExpiresAt)}", cancellationToken);
        // The secret first: the key's first webhook is signed with it.
        var secret = seal is null ? null : await secrets.CreateAsync(id, seal, TimeSpan.Zero, cancellationToken);
        await keys.PutAsync(key, cancellationToken);
        await ShowAsync(() =>
        {
            _console.WriteLine($"{key.Id} ({key.Name}): {value}");
            if (secret is not null) _console.WriteLine($"Webhook secret: {secret}");
            _console.WriteLine("Save this now: it cannot be shown again.");
        }, async () =>
        {
            await RecordAsync(AuditAction.Delete, key, NotShown, cancellationToken);
            await keys.DeleteAsync(key, cancellationToken);
            await secrets.DeleteAsync(id, cancellationToken);
        });
        if (secret is null)
            _console.WriteLine($"It has no webhook secret of its own: {NoSeal}. Until 'removebg keys "
                + $"rotate-webhook-secret {id}', the global one signs.");
    }

    /// <summary>Creates a second value for a key; the first works for the time of <paramref name="overlap"/>. Both own
    /// the key's artworks.</summary>
    /// <param name="idOrName">The key.</param>
    /// <param name="overlap">Time until the first value expires.</param>
    /// <param name="expiresAt">Expiry of the new value; null for the key's.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    public async Task RotateAsync(string idOrName, TimeSpan overlap, DateTimeOffset? expiresAt,
        CancellationToken cancellationToken)
    {
        RequireFuture(expiresAt);
        var old = await FindAsync(idOrName, cancellationToken);
        var now = clock.GetUtcNow();
        // The values of earlier rotations expire earlier than the key.
        var expiry = expiresAt ?? (old.Any(key => key.ExpiresAt is null) ? null : old.Max(key => key.ExpiresAt));
        if (expiry <= now)
            throw new UserException($"{old[0].Id} ({old[0].Name}) has expired: say with --expires until when the new "
                + "value works.");
        var (value, until) = (ApiKey.Generate(), now + overlap);
        await RecordAsync(AuditAction.Rotate, old[0], $"the old value works until {Shown(until)}; the new one: "
            + Expiry(expiry), cancellationToken);
        // The new value first: an interruption must not leave the key without one that stays.
        var added = old[0] with { Hash = ApiKey.HashOf(value), ExpiresAt = expiry,
            IsEnabled = old.Any(key => key.IsEnabled) };
        await keys.PutAsync(added, cancellationToken);
        await ShowAsync(() =>
        {
            _console.WriteLine($"{added.Id} ({added.Name}): {value}");
            _console.WriteLine("Save it now: it cannot be shown again.");
            _console.WriteLine($"The old one works until {Shown(until)}.");
        }, async () =>
        {
            await RecordAsync(AuditAction.Rotate, added, NotShown, cancellationToken);
            await keys.DeleteAsync(added, cancellationToken);
        });
        foreach (var key in old.Where(key => key.ExpiresAt is null || key.ExpiresAt > until))
            await keys.PutAsync(key with { ExpiresAt = until }, cancellationToken);
    }

    /// <summary>Creates a new webhook secret for a key. The one before, or the global one, signs too for the time of
    /// <paramref name="overlap"/>.</summary>
    public async Task RotateSecretAsync(string idOrName, TimeSpan overlap, CancellationToken cancellationToken)
    {
        var key = (await FindAsync(idOrName, cancellationToken))[0];
        var seal = await PublicKeyAsync(cancellationToken);
        var until = clock.GetUtcNow() + overlap;
        await RecordAsync(AuditAction.RotateWebhookSecret, key, $"the old secret signs until {Shown(until)}",
            cancellationToken);
        var before = await secrets.FindAsync(key.Id, cancellationToken);
        var secret = await secrets.CreateAsync(key.Id, seal, overlap, cancellationToken);
        await ShowAsync(() =>
        {
            _console.WriteLine($"Webhook secret of {key.Id} ({key.Name}): {secret}");
            _console.WriteLine("Save it now: it cannot be shown again.");
            _console.WriteLine($"Webhooks are signed with the old secret, too, until {Shown(until)}.");
        }, async () =>
        {
            await RecordAsync(AuditAction.RotateWebhookSecret, key, NotShown, cancellationToken);
            if (before is null) await secrets.DeleteAsync(key.Id, cancellationToken);
            else await secrets.PutAsync(before, cancellationToken);
        });
    }

    public async Task SetEnabledAsync(string idOrName, bool isEnabled, CancellationToken cancellationToken)
    {
        var found = await FindAsync(idOrName, cancellationToken);
        await RecordAsync(isEnabled ? AuditAction.Enable : AuditAction.Disable, found[0], "", cancellationToken);
        foreach (var key in found) await keys.PutAsync(key with { IsEnabled = isEnabled }, cancellationToken);
        _console.WriteLine(
            $"{found[0].Id} ({found[0].Name}) is {(isEnabled ? "enabled" : "disabled")}; {SeenWithin}.");
    }

    /// <summary>Deletes a key. Its accepted jobs finish and are announced, so its webhook secret stays until its data
    /// is erased.</summary>
    public async Task DeleteAsync(string idOrName, CancellationToken cancellationToken)
    {
        var found = await FindAsync(idOrName, cancellationToken);
        var (id, name) = (found[0].Id, found[0].Name);
        await RecordAsync(AuditAction.Delete, found[0], "", cancellationToken);
        foreach (var key in found) await keys.DeleteAsync(key, cancellationToken);
        await rates.DeleteAsync(id, cancellationToken);
        _console.WriteLine($"{id} ({name}) is deleted; {SeenWithin}. Its artworks stay until they expire, or until "
            + $"'removebg keys erase {id}'.");
    }

    /// <summary>Erases all data of a key, even of one that has been deleted.</summary>
    /// <exception cref="UserException">Not confirmed.</exception>
    public async Task EraseAsync(string idOrName, bool isConfirmed, CancellationToken cancellationToken)
    {
        var (id, name, exists) = await FindEvenDeletedAsync(idOrName, cancellationToken);
        if (!isConfirmed)
        {
            _console.Write($"Erase all artworks, results and inputs of {id} ({name})? This cannot be undone. [y/N] ");
            // The reading of a terminal cannot be cancelled; it goes on until the program ends.
            var answer = (await Task.Run(() => user.Input.ReadLineAsync(cancellationToken).AsTask(), cancellationToken)
                .WaitAsync(cancellationToken))?.Trim();
            if (!"y".Equals(answer, StringComparison.OrdinalIgnoreCase)
                && !"yes".Equals(answer, StringComparison.OrdinalIgnoreCase))
                throw new UserException("Nothing was erased. To confirm, answer y or add --yes.");
        }
        await audit.AddAsync(user.Who, AuditAction.Erase, id, name, "started", cancellationToken);
        var erased = await data.EraseAsync(id, cancellationToken);
        if (!exists) await secrets.DeleteAsync(id, cancellationToken);
        await audit.AddAsync(user.Who, AuditAction.Erase, id, name, $"done: {erased} artworks", cancellationToken);
        _console.WriteLine($"Erased {erased} artworks of {id} ({name}), with their results and inputs."
            + (exists ? " The key itself works as before; 'removebg keys delete' deletes it." : ""));
    }

    public async Task ListAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var own = new Dictionary<string, SealedSecrets>();
        await foreach (var secret in secrets.AllAsync(cancellationToken)) own[secret.KeyId] = secret;
        var table = new Table().AddColumns("id", "name", "state", "expires", "scopes", "rate/min", "burst",
            "concurrent", "webhook secret", "last used", "uses", "SHA-256");
        await foreach (var key in keys.AllAsync(cancellationToken))
        {
            var state = !key.IsEnabled ? "disabled" : key.HasExpired(now) ? "expired"
                : key.ExpiresSoon(now) ? "expires soon" : "enabled";
            var secret = !own.TryGetValue(key.Id, out var found) ? "global"
                : found.PreviousUntil > now ? $"own, the old one until {Shown(found.PreviousUntil.Value)}" : "own";
            table.AddRow(new[]
            {
                key.Id, key.Name, state, key.ExpiresAt is { } expires ? Shown(expires) : "never",
                string.Join(' ', key.Scopes), $"{key.RatePerMinute}", $"{key.Burst}", $"{key.ConcurrentJobs}", secret,
                key.LastUsedAt is { } last ? Shown(last) : "never", $"{key.Uses}",
                Convert.ToHexStringLower(key.Hash)[..12] + "…",
            }.Select(Markup.Escape).ToArray());
        }
        _console.Write(table);
    }

    /// <summary>Shows the audit log, oldest entry first.</summary>
    /// <param name="idOrName">The key; null for all.</param>
    /// <param name="cancellationToken">Cancels the storage calls.</param>
    public async Task AuditAsync(string? idOrName, CancellationToken cancellationToken)
    {
        var table = new Table().AddColumns("when", "who", "action", "key", "name", "detail");
        await foreach (var entry in audit.ListAsync(idOrName, cancellationToken))
            table.AddRow(new[] { entry.At.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture), entry.Who,
                entry.Action, entry.KeyId, entry.KeyName, entry.Detail }.Select(Markup.Escape).ToArray());
        _console.Write(table);
    }

    /// <summary>Shows what cannot be shown again. Where that fails, the change is undone: it would be of no
    /// use.</summary>
    /// <exception cref="UserException">Standard output cannot be written.</exception>
    private static async Task ShowAsync(Action show, Func<Task> undo)
    {
        try
        {
            show();
        }
        catch (IOException problem)
        {
            await undo();
            throw new UserException("nothing was changed: standard output, which shows what cannot be shown again, "
                + $"cannot be written: {FileProblem.Reason(problem, "")}.");
        }
    }

    private Task RecordAsync(string action, ApiKey key, string detail, CancellationToken cancellationToken) =>
        audit.AddAsync(user.Who, action, key.Id, key.Name, detail, cancellationToken);

    private async Task<byte[]> PublicKeyAsync(CancellationToken cancellationToken) =>
        await secrets.FindPublicKeyAsync(cancellationToken) ?? throw new UserException(
            $"No webhook secret was created: {NoSeal}. Start it once, and try again.");

    /// <returns>All rows of one key; several during rotation.</returns>
    private async Task<IReadOnlyList<ApiKey>> FindAsync(string idOrName, CancellationToken cancellationToken)
    {
        var found = new List<ApiKey>();
        await foreach (var key in keys.AllAsync(cancellationToken))
            if (key.Id == idOrName || key.Name == idOrName) found.Add(key);
        if (found.Count == 0) throw Unknown(idOrName);
        RequireOne(idOrName, found.Select(key => key.Id));
        return found;
    }

    /// <summary>Finds a key by its rows, or, if it has been deleted, by the audit log.</summary>
    private async Task<(string Id, string Name, bool Exists)> FindEvenDeletedAsync(string idOrName,
        CancellationToken cancellationToken)
    {
        var found = new List<(string Id, string Name, bool Exists)>();
        await foreach (var key in keys.AllAsync(cancellationToken))
            if (key.Id == idOrName || key.Name == idOrName) found.Add((key.Id, key.Name, true));
        if (found.Count == 0)
            await foreach (var entry in audit.ListAsync(idOrName, cancellationToken))
                found.Add((entry.KeyId, entry.KeyName, false));
        if (found.Count == 0) throw Unknown(idOrName);
        RequireOne(idOrName, found.Select(key => key.Id));
        return found[0];
    }

    private static UserException Unknown(string idOrName) =>
        new($"No key has the id or name '{idOrName}'. List all with 'removebg keys list'.");

    private static void RequireOne(string idOrName, IEnumerable<string> ids)
    {
        var all = ids.Distinct().ToList();
        if (all.Count > 1)
            throw new UserException($"Several keys are named '{idOrName}'; use the id: {string.Join(", ", all)}.");
    }

    private void RequireFuture(DateTimeOffset? expiresAt)
    {
        if (expiresAt <= clock.GetUtcNow())
            throw new UserException($"--expires is in the past: {Shown(expiresAt.Value)}.");
    }

    private static string Expiry(DateTimeOffset? time) =>
        time is { } expires ? $"expires {Shown(expires)}" : "never expires";

    private static string Shown(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
