using System.Security.Cryptography;

namespace RemoveBg.Core.Access;

/// <summary>Authenticates a request by its API key.</summary>
public sealed class Authenticate(ApiKeyTable keys, TimeProvider clock)
{
    private const int LongestKey = 256;

    /// <summary>Finds the key of a request and checks that it may use <paramref name="scope"/>.</summary>
    /// <param name="authorization">The Authorization header, <c>Bearer rbg_…</c>.</param>
    /// <param name="apiKeyHeader">The X-Api-Key header; Authorization takes precedence.</param>
    /// <param name="scope">One of <see cref="Scopes"/>.</param>
    /// <param name="cancellationToken">Cancels the storage call.</param>
    /// <exception cref="ApiException">401: no key, or an unknown one. 403: disabled, expired, or without the
    /// scope.</exception>
    public async Task<ApiKey> CheckAsync(string? authorization, string? apiKeyHeader, string scope,
        CancellationToken cancellationToken)
    {
        var presented = Presented(authorization, apiKeyHeader)
            ?? throw new ApiException(401,
                "An API key is required: send 'Authorization: Bearer rbg_…' or 'X-Api-Key: rbg_…'.");

        var hash = ApiKey.HashOf(presented);
        var key = presented.Length <= LongestKey ? await keys.FindAsync(hash, cancellationToken) : null;
        if (key is null || !CryptographicOperations.FixedTimeEquals(key.Hash, hash))
            throw new ApiException(401, "The API key is not known.");

        if (!key.IsEnabled) throw new ApiException(403, "The API key is disabled.");
        if (key.ExpiresAt <= clock.GetUtcNow()) throw new ApiException(403, "The API key has expired.");
        if (!key.Scopes.Contains(scope)) throw new ApiException(403, $"The API key lacks the scope '{scope}'.");
        return key;
    }

    private static string? Presented(string? authorization, string? apiKeyHeader)
    {
        const string scheme = "Bearer ";
        if (!string.IsNullOrWhiteSpace(authorization))
            return authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
                ? authorization[scheme.Length..].Trim() : null;
        return string.IsNullOrWhiteSpace(apiKeyHeader) ? null : apiKeyHeader.Trim();
    }
}
