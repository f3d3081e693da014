using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace RemoveBg.Core.Notify;

/// <summary>Symmetric signatures of the Standard Webhooks specification.</summary>
public static class WebhookSigner
{
    public const string IdHeader = "webhook-id", TimestampHeader = "webhook-timestamp",
        SignatureHeader = "webhook-signature";
    private const string SecretPrefix = "whsec_", Version = "v1,";

    /// <exception cref="FormatException">Not <c>whsec_</c> and 24 to 64 bytes in base64.</exception>
    public static byte[] KeyOf(string secret)
    {
        const string accepted = "must be 'whsec_' and 24 to 64 bytes in base64";
        var key = new byte[secret.Length];
        if (!secret.StartsWith(SecretPrefix, StringComparison.Ordinal)
            || !Convert.TryFromBase64String(secret[SecretPrefix.Length..], key, out var length)
            || length is < 24 or > 64) throw new FormatException(accepted);
        return key[..length];
    }

    public static string GenerateSecret() => SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>One <c>v1,</c> signature per key, separated by blanks.</summary>
    /// <param name="id">The webhook-id.</param>
    /// <param name="timestamp">The webhook-timestamp: of this attempt.</param>
    /// <param name="body">Exactly the bytes that are sent.</param>
    public static string Sign(IEnumerable<byte[]> keys, string id, DateTimeOffset timestamp, ReadOnlySpan<byte> body)
    {
        var signed = Signed(id, timestamp.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), body);
        return string.Join(' ', keys.Select(key => Version + Convert.ToBase64String(HMACSHA256.HashData(key, signed))));
    }

    /// <summary>Verifies a webhook as a receiver does: one of the header's signatures matches, and the timestamp is at
    /// most
    /// <paramref name="tolerance"/> from <paramref name="now"/>.</summary>
    public static bool Verify(byte[] key, string id, string timestamp, string signatures, ReadOnlySpan<byte> body,
        DateTimeOffset now, TimeSpan tolerance)
    {
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return false;
        if (Math.Abs(now.ToUnixTimeSeconds() - seconds) > tolerance.TotalSeconds) return false;
        var expected = HMACSHA256.HashData(key, Signed(id, timestamp, body));
        var found = new byte[expected.Length];
        return signatures.Split(' ').Any(signature => signature.StartsWith(Version, StringComparison.Ordinal)
            && Convert.TryFromBase64String(signature[Version.Length..], found, out var length)
            && CryptographicOperations.FixedTimeEquals(expected, found.AsSpan(0, length)));
    }

    private static byte[] Signed(string id, string timestamp, ReadOnlySpan<byte> body) =>
        [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
}
