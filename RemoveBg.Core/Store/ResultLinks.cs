using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Store;

/// <summary>Signs and checks URLs of this service that read one result without an API key, for storage accounts that
/// callers cannot reach.</summary>
/// <param name="options"><see cref="ResultOptions.PublicUrl"/> turns them on.</param>
/// <param name="secrets">The global webhook secrets, new first: the only secret that all instances share. A key for
/// these URLs alone is derived from each, so a retired secret ends its URLs.</param>
/// <param name="clock">Tells when a URL expires.</param>
public sealed class ResultLinks(IOptions<ResultOptions> options, Func<IReadOnlyList<byte[]>> secrets,
    TimeProvider clock)
{
    public const string ExpiryParameter = "expires", SignatureParameter = "signature";

    private static readonly byte[] KeyInfo = "RemoveBg result URLs"u8.ToArray();

    /// <summary>Whether results have URLs of this service instead of storage's.</summary>
    public bool IsOn => options.Value.PublicUrl.Length > 0;

    /// <summary>Signs a URL for an artwork's result, for at most <see cref="ResultOptions.UrlLifetime"/>.</summary>
    public string Sign(Guid id)
    {
        var expires = ResultUrls.Expiry(clock.GetUtcNow(), options.Value.UrlLifetime).ToUnixTimeSeconds();
        var signature = Base64Url.EncodeToString(Signature(secrets()[0], id, expires));
        return $"{options.Value.PublicUrl.TrimEnd('/')}/v2/artworks/{id:D}/result?{ExpiryParameter}="
            + $"{expires.ToString(CultureInfo.InvariantCulture)}&{SignatureParameter}={signature}";
    }

    /// <returns>True if this service signed both for this artwork and they have not expired.</returns>
    public bool IsValid(Guid id, string? expires, string? signature)
    {
        if (!IsOn || !long.TryParse(expires, NumberStyles.None, CultureInfo.InvariantCulture, out var end)
            || end <= clock.GetUtcNow().ToUnixTimeSeconds() || !Base64Url.IsValid(signature)) return false;
        var given = Base64Url.DecodeFromChars(signature);
        return secrets().Any(secret => CryptographicOperations.FixedTimeEquals(Signature(secret, id, end), given));
    }

    private static byte[] Signature(byte[] secret, Guid id, long expires) =>
        HMACSHA256.HashData(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, HMACSHA256.HashSizeInBytes, info: KeyInfo),
            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id:N}\n{expires}")));
}
