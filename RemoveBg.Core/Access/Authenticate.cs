using System.Security.Cryptography;

namespace RemoveBg.Core.Access;

/// <summary>Authenticates a request by its API key.</summary>
public sealed class Authenticate(ApiKeyTable keys, RequestLimit limit, TimeProvider clock)
{
    private const int LongestKey = 256;

    /// <summary>Finds the key of a request and checks that it may use <paramref name="scope"/>.</summary>
    /// <param name="authorization">The Authorization header, <c>Bearer rbg_…</c>.</param>
    /// <param name="apiKeyHeader">The X-Api-Key header; Authorization takes precedence.</param>
    /// <param name="scope">One of <see cref="Scopes"/>.</param>
    /// <param name="address">The caller's address. Requests without a valid key are limited by it.</param>
    /// <param name="cancellationToken">Cancels the storage call.</param>
    /// <exception cref="ApiException">401: no key, or an unknown one. 403: disabled, expired, or without the scope.
    /// 429: too many without a valid key from this address.</exception>
    public async Task<ApiKey> CheckAsync(string? authorization, string? apiKeyHeader, string scope, string address,
        CancellationToken cancellationToken)
    {
        var presented = Presented(authorization, apiKeyHeader);
        var hash = ApiKey.HashOf(presented ?? "");
        // Strangers at the same address do not hold up a key that this instance has found before.
        var isStranger = presented is null || !keys.HasFound(hash);
        if (isStranger && limit.AdmitStranger(address) is { IsAllowed: false } rate)
            throw ApiException.TooManyRequests("Too many requests without a valid API key from this address.", rate);
        if (presented is null)
            throw new ApiException(401,
                "An API key is required: send 'Authorization: Bearer rbg_…' or 'X-Api-Key: rbg_…'.");

        var key = presented.Length <= LongestKey ? await keys.FindAsync(hash, cancellationToken) : null;
        if (key is null || !CryptographicOperations.FixedTimeEquals(key.Hash, hash))
            throw new ApiException(401, "The API key is not known.");
        if (isStranger) limit.Forgive(address);

        if (!key.IsEnabled) throw new ApiException(403, "The API key is disabled.");
        if (key.HasExpired(clock.GetUtcNow())) throw new ApiException(403, "The API key has expired.");
        if (!key.Scopes.Contains(scope)) throw new ApiException(403, $"The API key lacks the scope '{scope}'.");
        return key;
    }

    /// <returns>The key of a request; null if it has none.</returns>
    internal static string? Presented(string? authorization, string? apiKeyHeader)
    {
        const string scheme = "Bearer ";
        if (!string.IsNullOrWhiteSpace(authorization))
            return authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
                ? authorization[scheme.Length..].Trim() : null;
        return string.IsNullOrWhiteSpace(apiKeyHeader) ? null : apiKeyHeader.Trim();
    }
}
