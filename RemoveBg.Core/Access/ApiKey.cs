using System.Security.Cryptography;
using System.Text;

namespace RemoveBg.Core.Access;

/// <summary>Scopes of API keys.</summary>
public static class Scopes
{
    /// <summary>Read, list, see webhook deliveries.</summary>
    public const string Read = "artworks:read";

    /// <summary>Submit, cancel, delete, redeliver.</summary>
    public const string Write = "artworks:write";

    public static IReadOnlyList<string> All { get; } = [Read, Write];
}

/// <summary>An API key as stored: only its SHA-256, never the key itself.</summary>
/// <param name="Id">Owner of the artworks; unchanged when the key is rotated.</param>
/// <param name="Name">For people.</param>
/// <param name="Hash">SHA-256 of the whole key.</param>
/// <param name="IsEnabled">A disabled key gets 403.</param>
/// <param name="ExpiresAt">Null if it never expires.</param>
/// <param name="Scopes">Values of <see cref="Access.Scopes"/>.</param>
/// <param name="RatePerMinute">Submissions per minute, sustained.</param>
/// <param name="Burst">Submissions that may come at once.</param>
/// <param name="ConcurrentJobs">Artworks that may be queued or running at once; more are accepted and wait for a
/// permit.</param>
public sealed record ApiKey(
    string Id, string Name, byte[] Hash, bool IsEnabled, DateTimeOffset? ExpiresAt, IReadOnlyList<string> Scopes,
    int RatePerMinute, int Burst, int ConcurrentJobs = ApiKey.DefaultConcurrentJobs)
{
    public const string Prefix = "rbg_";

    /// <summary>Last accepted request, to the minute; null if there was none.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Accepted requests.</summary>
    public long Uses { get; init; }

    /// <summary>Time before its expiry in which operators are warned.</summary>
    public static readonly TimeSpan ExpiryWarning = TimeSpan.FromDays(14);

    public bool HasExpired(DateTimeOffset now) => ExpiresAt <= now;

    /// <summary>Whether it still works but expires within <see cref="ExpiryWarning"/>.</summary>
    public bool ExpiresSoon(DateTimeOffset now) => ExpiresAt > now && ExpiresAt <= now + ExpiryWarning;

    /// <summary>At most host.json's newBatchThreshold, so that an instance full of one key's slow jobs still reads the
    /// next message.</summary>
    public const int DefaultConcurrentJobs = 8;

    /// <summary>Generates a key with 256 random bits.</summary>
    public static string Generate() =>
        Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_')
            .TrimEnd('=');

    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
