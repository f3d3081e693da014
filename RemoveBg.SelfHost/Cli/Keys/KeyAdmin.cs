using System.Globalization;
using System.Security.Cryptography;
using RemoveBg.Core.Access;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary>Rights and limits of a new key.</summary>
internal sealed record NewKey(string Name, IReadOnlyList<string> Scopes, int RatePerMinute, int Burst,
    int ConcurrentJobs, DateTimeOffset? ExpiresAt);

/// <summary>Manages API keys in storage, for operators. Running hosts see changes within seconds.</summary>
internal sealed class KeyAdmin(ApiKeyTable keys, TimeProvider clock, IAnsiConsole console)
{
    public async Task AddAsync(NewKey wanted, CancellationToken cancellationToken)
    {
        var id = "key_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        await CreateAsync(secret => new(id, wanted.Name, ApiKey.HashOf(secret), IsEnabled: true, wanted.ExpiresAt,
            wanted.Scopes, wanted.RatePerMinute, wanted.Burst, wanted.ConcurrentJobs), cancellationToken);
    }

    /// <summary>Adds a second secret to a key; the first expires after <paramref name="grace"/>. Both own the key's
    /// artworks.</summary>
    public async Task RotateAsync(string idOrName, TimeSpan grace, CancellationToken cancellationToken)
    {
        var old = await FindAsync(idOrName, cancellationToken);
        var until = clock.GetUtcNow() + grace;
        foreach (var key in old.Where(key => key.ExpiresAt is null || key.ExpiresAt > until))
            await keys.PutAsync(key with { ExpiresAt = until }, cancellationToken);
        await CreateAsync(secret => old[0] with { Hash = ApiKey.HashOf(secret), IsEnabled = true, ExpiresAt = null },
            cancellationToken);
        console.WriteLine($"The old one works until {Shown(until)}.");
    }

    public async Task SetEnabledAsync(string idOrName, bool isEnabled, CancellationToken cancellationToken)
    {
        var found = await FindAsync(idOrName, cancellationToken);
        foreach (var key in found) await keys.PutAsync(key with { IsEnabled = isEnabled }, cancellationToken);
        console.WriteLine($"{found[0].Id} ({found[0].Name}) is {(isEnabled ? "enabled" : "disabled")}; running hosts "
            + $"see it within {ApiKeyTable.CacheTime.TotalSeconds:0} s.");
    }

    public async Task ListAsync(CancellationToken cancellationToken)
    {
        var table = new Table()
            .AddColumns("id", "name", "state", "expires", "scopes", "rate/min", "burst", "concurrent", "SHA-256");
        await foreach (var key in keys.AllAsync(cancellationToken))
        {
            var state = !key.IsEnabled ? "disabled" : key.ExpiresAt <= clock.GetUtcNow() ? "expired" : "enabled";
            table.AddRow(new[]
            {
                key.Id, key.Name, state, key.ExpiresAt is { } expires ? Shown(expires) : "never",
                    string.Join(' ', key.Scopes),
                $"{key.RatePerMinute}", $"{key.Burst}", $"{key.ConcurrentJobs}",
                    Convert.ToHexStringLower(key.Hash)[..12] + "…",
            }.Select(Markup.Escape).ToArray());
        }
        console.Write(table);
    }

    private async Task CreateAsync(Func<string, ApiKey> make, CancellationToken cancellationToken)
    {
        var secret = ApiKey.Generate();
        var key = make(secret);
        await keys.PutAsync(key, cancellationToken);
        console.WriteLine($"{key.Id} ({key.Name}): {secret}");
        console.WriteLine("Save it now: only its hash is stored.");
    }

    /// <returns>All rows of one key; several during rotation.</returns>
    private async Task<IReadOnlyList<ApiKey>> FindAsync(string idOrName, CancellationToken cancellationToken)
    {
        var found = new List<ApiKey>();
        await foreach (var key in keys.AllAsync(cancellationToken))
            if (key.Id == idOrName || key.Name == idOrName) found.Add(key);
        return found.Select(key => key.Id).Distinct().Count() switch
        {
            0 => throw new UserException($"No key has the id or name '{idOrName}'. List all with './run keys list'."),
            1 => found,
            _ => throw new UserException($"Several keys are named '{idOrName}'; use the "
                + $"id: {string.Join(", ", found.Select(key => key.Id).Distinct())}."),
        };
    }

    private static string Shown(DateTimeOffset time) =>
        time.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
