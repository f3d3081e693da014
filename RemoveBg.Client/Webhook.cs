using System.Security.Cryptography;
using System.Text;

namespace RemoveBg.Client;

/// <summary>Signatures according to https://www.standardwebhooks.com.</summary>
internal static class Webhook
{
    private const string Prefix = "whsec_";

    /// <exception cref="WebhookInvalidException">It is not genuine, or too old.</exception>
    /// <exception cref="FormatException">The secret is empty or no base64.</exception>
    public static void Verify(string secret, IEnumerable<KeyValuePair<string, string>> headers,
        ReadOnlySpan<byte> body, TimeSpan tolerance, DateTimeOffset now)
    {
        var all = headers.ToLookup(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase);
        var (id, text) = (Only(all["webhook-id"]), Only(all["webhook-timestamp"]));
        if (id.Length == 0 || !long.TryParse(text, out var timestamp))
            throw new WebhookInvalidException("webhook-id or webhook-timestamp is missing or malformed.");
        if (Math.Abs((decimal)timestamp - now.ToUnixTimeSeconds()) > (decimal)tolerance.TotalSeconds)
            throw new WebhookInvalidException($"webhook-timestamp is more than {tolerance.TotalSeconds} s off.");
        var key = Convert.FromBase64String(
            secret.StartsWith(Prefix, StringComparison.Ordinal) ? secret[Prefix.Length..] : secret);
        // With an empty key, which a variable that is not set would give, anyone could sign.
        if (key.Length == 0) throw new FormatException("secret: expected whsec_ and base64.");
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{text}."), .. body];
        var expected = Encoding.UTF8.GetBytes($"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}");
        // Several signatures while a secret is rotated.
        foreach (var signature in Only(all["webhook-signature"]).Split(' '))
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), expected)) return;
        throw new WebhookInvalidException("webhook-signature has no signature that matches.");
    }

    /// <returns>The header's value; empty if it is missing or there twice.</returns>
    private static string Only(IEnumerable<string> values) => values.ToList() is [{ } only] ? only : "";
}
