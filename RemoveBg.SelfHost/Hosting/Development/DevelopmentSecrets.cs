using System.Text.Json;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;

namespace RemoveBg.SelfHost.Hosting.Development;

/// <summary>The API key and webhook secret of this clone: made at random once and kept below .local, so that no two
/// machines share them and none is in the source.</summary>
internal sealed record DevelopmentSecrets(string ApiKey, string WebhookSecret)
{
    /// <summary>When the key stops working; null for a clone's own, which lasts as long as the clone.</summary>
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
