using System.Text.Json;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;

namespace RemoveBg.SelfHost.Hosting.Development;

/// <summary>API key and webhook secret of this clone, generated once and stored below .local, so that no two machines
/// share them and none is in the source.</summary>
internal sealed record DevelopmentSecrets(string ApiKey, string WebhookSecret)
{
    /// <summary>Expiry of the key; null for a clone's own.</summary>
    public DateTimeOffset? KeyExpiresAt { get; init; }

    private const int RequestsPerMinute = 12_000, Burst = 1_000;

    public static DevelopmentSecrets LoadOrCreate(string folder)
    {
        var path = Path.Combine(folder, "development.json");
        if (File.Exists(path) && JsonSerializer.Deserialize<DevelopmentSecrets>(File.ReadAllText(path))
            is { ApiKey: not null, WebhookSecret: not null } found) return found;
        var made = Create();
        Directory.CreateDirectory(folder);
        File.WriteAllText(path, JsonSerializer.Serialize(made));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return made;
    }

    public static DevelopmentSecrets Create() => new(Core.Access.ApiKey.Generate(), WebhookSigner.GenerateSecret());

    public Task RegisterAsync(ApiKeyTable keys, CancellationToken cancellationToken) => keys.PutAsync(
        new("development", "Development key", Core.Access.ApiKey.HashOf(ApiKey), IsEnabled: true, KeyExpiresAt,
            Scopes.All, RequestsPerMinute, Burst), cancellationToken);
}
