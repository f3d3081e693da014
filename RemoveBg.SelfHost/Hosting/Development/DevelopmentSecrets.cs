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

    /// <param name="folder">The folder of the file, which is made if it is missing.</param>
    /// <exception cref="UserException">The file cannot be read or written, or is damaged.</exception>
    public static async Task<DevelopmentSecrets> LoadOrCreateAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "development.json");
        try
        {
            if (File.Exists(path)) return Read(path);
            Directory.CreateDirectory(folder);
            await WholeFile.WriteAsync(path, JsonSerializer.SerializeToUtf8Bytes(Create()), replace: false,
                cancellationToken, isPrivate: true);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process has made it meanwhile.
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            throw new UserException($"{path} cannot be written: {FileProblem.Reason(problem, path)}.");
        }
        return Read(path);
    }

    private static DevelopmentSecrets Read(string path)
    {
        try
        {
            if (JsonSerializer.Deserialize<DevelopmentSecrets>(File.ReadAllText(path))
                is { ApiKey: not null, WebhookSecret: not null } found) return found;
        }
        catch (JsonException)
        {
            // Said below.
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            throw new UserException($"{path} cannot be read: {FileProblem.Reason(problem, path)}.");
        }
        throw new UserException($"{path} is damaged: delete it, and the next start makes a new key and secret.");
    }

    public static DevelopmentSecrets Create() => new(Core.Access.ApiKey.Generate(), WebhookSigner.GenerateSecret());

    public Task RegisterAsync(ApiKeyTable keys, CancellationToken cancellationToken) => keys.PutAsync(
        new("development", "Development key", Core.Access.ApiKey.HashOf(ApiKey), IsEnabled: true, KeyExpiresAt,
            Scopes.All, RequestsPerMinute, Burst), cancellationToken);
}
