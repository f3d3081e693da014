using System.Security.Cryptography;
using System.Text;

namespace RemoveBg.Core.Access;

/// <summary>What a key may do.</summary>
public static class Scopes
{
    /// <summary>Read, list, see webhook deliveries.</summary>
    public const string Read = "artworks:read";

    /// <summary>Submit, cancel, delete, redeliver.</summary>
    public const string Write = "artworks:write";

    public static IReadOnlyList<string> All { get; } = [Read, Write];
}

/// <summary>An API key as it is stored: never the key itself, only its SHA-256.</summary>
/// <param name="Id">Owns artworks; stays when the key is rotated.</param>
/// <param name="Hash">SHA-256 of the whole key.</param>
/// <param name="RatePerMinute">Submissions per minute, sustained.</param>
/// <param name="Burst">Submissions that may come at once.</param>
/// <param name="ConcurrentJobs">Artworks that may be worked on at once; more are accepted and wait their turn.</param>
public sealed record ApiKey(
    string Id, string Name, byte[] Hash, bool IsEnabled, DateTimeOffset? ExpiresAt, IReadOnlyList<string> Scopes,
        int RatePerMinute, int Burst,
    int ConcurrentJobs = ApiKey.DefaultConcurrentJobs)
{
    public const string Prefix = "rbg_";

    /// <summary>No more than host.json's newBatchThreshold: an instance full of one key's slow jobs
    /// still reads the next message.</summary>
    public const int DefaultConcurrentJobs = 8;

    /// <returns>A new key with 256 random bits.</returns>
    public static string Generate() =>
        Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_')
            .TrimEnd('=');

    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
