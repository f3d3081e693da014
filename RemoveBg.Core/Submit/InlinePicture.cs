using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace RemoveBg.Core.Submit;

/// <summary>A picture inside the request: uploaded as a file, or a URI
/// <c>data:image/…;base64,…</c> (RFC 2397).</summary>
/// <param name="MediaType">As the caller says; what it is, the decoder finds out.</param>
public sealed partial record InlinePicture(string MediaType, BinaryData Content)
{
    public const int LargestDataUri = 10 * 1024 * 1024;
    private const string Accepted =
        "is not a usable data URI: accepted is data:image/TYPE;base64, followed by at most 10 MiB in base64.";

    /// <summary>What the record and every answer show instead of the bytes.</summary>
    public string Shown => $"data:{MediaType}";

    /// <summary>Equal for equal pictures.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Content));

    /// <summary>A file of a form. A media type that is none of an image is left out.</summary>
    public static InlinePicture FromUpload(string? mediaType, byte[] content) =>
        new(mediaType is not null && UploadType().IsMatch(mediaType) ? mediaType.ToLowerInvariant() : "image/*",
            BinaryData.FromBytes(content));

    /// <param name="uri">Of any scheme.</param>
    /// <param name="problem">When null is returned: what is wrong, without the field's name.</param>
    public static InlinePicture? TryParse(string uri, out string problem)
    {
        problem = Accepted;
        var comma = uri.IndexOf(',', StringComparison.Ordinal);
        if (comma is < 5 or > 200) return null;

        var parts = uri[5..comma].Split(';');
        var mediaType = parts[0].ToLowerInvariant();
        var subtype = mediaType.StartsWith("image/", StringComparison.Ordinal) ? mediaType[6..] : "";
        if (subtype.Length == 0 || !subtype.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.'))
            return null;
        if (parts.Length < 2 || !parts[^1].Equals("base64", StringComparison.OrdinalIgnoreCase)) return null;

        var encoded = uri.AsSpan(comma + 1);
        if (!Base64.IsValid(encoded, out var length) || length == 0) return null;
        if (length > LargestDataUri)
        {
            problem = $"holds {length:N0} bytes; a data URI may hold at most {LargestDataUri:N0} (10 MiB). Larger "
                + $"pictures are fetched from an http or https URL.";
            return null;
        }
        return new(mediaType, BinaryData.FromBytes(Convert.FromBase64String(encoded.ToString())));
    }

    [GeneratedRegex(@"^image/[a-z0-9.+-]{1,60}$", RegexOptions.IgnoreCase)]
    private static partial Regex UploadType();
}
