using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace RemoveBg.Core.Notify;

/// <summary>Seals webhook secrets, so that storage alone does not reveal them: ECDH on P-256, HKDF-SHA256,
/// AES-256-GCM.</summary>
/// <remarks>The private key is derived from a global webhook secret, which is not in storage. Sealing needs only the
/// public key, so an operator who adds a key needs no global secret and cannot open other keys' secrets.</remarks>
public static class SecretSeal
{
    private const int TagBytes = 16, KeyBytes = 32, NonceBytes = 12, ScalarBytes = 32;

    /// <summary>Bytes of a P-256 public key as SubjectPublicKeyInfo.</summary>
    private const int PublicKeyBytes = 91;

    private static readonly byte[] PrivateKeyInfo = "RemoveBg webhook secrets: private key"u8.ToArray();
    private static readonly byte[] BoxInfo = "RemoveBg webhook secrets: box"u8.ToArray();

    /// <summary>Order of P-256.</summary>
    private static readonly BigInteger Order = BigInteger.Parse(
        "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", NumberStyles.HexNumber,
        CultureInfo.InvariantCulture);

    /// <summary>Derives the public key of a global webhook secret, as SubjectPublicKeyInfo.</summary>
    public static byte[] PublicKeyOf(byte[] globalSecret)
    {
        using var pair = PairOf(globalSecret);
        return pair.ExportSubjectPublicKeyInfo();
    }

    /// <param name="publicKey">From <see cref="PublicKeyOf"/>.</param>
    /// <param name="keyId">The API key that the secret belongs to; nothing opens the seal for another one.</param>
    /// <param name="secret">The secret.</param>
    public static string Seal(byte[] publicKey, string keyId, string secret)
    {
        using var recipient = ECDiffieHellman.Create();
        recipient.ImportSubjectPublicKeyInfo(publicKey, out _);
        using var sender = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var senderKey = sender.ExportSubjectPublicKeyInfo();
        var plain = Encoding.UTF8.GetBytes(secret);
        var (tag, cipher) = (new byte[TagBytes], new byte[plain.Length]);
        var (key, nonce) = Derive(sender, recipient.PublicKey, senderKey, publicKey);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, plain, cipher, tag, Encoding.UTF8.GetBytes(keyId));
        return Convert.ToBase64String([.. senderKey, .. tag, .. cipher]);
    }

    /// <returns>The secret; null if it was sealed for another global secret or another API key, or was
    /// changed.</returns>
    public static string? TryOpen(byte[] globalSecret, string keyId, string box)
    {
        try
        {
            var bytes = Convert.FromBase64String(box);
            if (bytes.Length < PublicKeyBytes + TagBytes) return null;
            var senderKey = bytes[..PublicKeyBytes];
            using var recipient = PairOf(globalSecret);
            using var sender = ECDiffieHellman.Create();
            sender.ImportSubjectPublicKeyInfo(senderKey, out _);
            var plain = new byte[bytes.Length - PublicKeyBytes - TagBytes];
            var (key, nonce) = Derive(recipient, sender.PublicKey, senderKey, recipient.ExportSubjectPublicKeyInfo());
            using var aes = new AesGcm(key, TagBytes);
            aes.Decrypt(nonce, bytes.AsSpan(PublicKeyBytes + TagBytes), bytes.AsSpan(PublicKeyBytes, TagBytes), plain,
                Encoding.UTF8.GetBytes(keyId));
            return Encoding.UTF8.GetString(plain);
        }
        // The runtime calls a point that is not on the curve an unsupported platform.
        catch (Exception problem) when (problem is CryptographicException or FormatException or ArgumentException
            or PlatformNotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Each box has a sender key of its own, and so a key and a nonce of its own.</summary>
    private static (byte[] Key, byte[] Nonce) Derive(ECDiffieHellman own, ECDiffieHellmanPublicKey other,
        byte[] senderKey, byte[] recipientKey)
    {
        var derived = HKDF.DeriveKey(HashAlgorithmName.SHA256, own.DeriveRawSecretAgreement(other),
            KeyBytes + NonceBytes, salt: [.. senderKey, .. recipientKey], BoxInfo);
        return (derived[..KeyBytes], derived[KeyBytes..]);
    }

    private static ECDiffieHellman PairOf(byte[] globalSecret)
    {
        // 16 bytes more than the order has make the remainder as good as uniform (FIPS 186-5, A.2.1).
        var seed = HKDF.DeriveKey(HashAlgorithmName.SHA256, globalSecret, ScalarBytes + 16, info: PrivateKeyInfo);
        var scalar = new BigInteger(seed, isUnsigned: true, isBigEndian: true) % (Order - 1) + 1;
        var bytes = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        return ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = [.. new byte[ScalarBytes - bytes.Length], .. bytes],
        });
    }
}
