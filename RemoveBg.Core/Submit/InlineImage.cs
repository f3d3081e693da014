using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace RemoveBg.Core.Submit;

/// <summary>An image inside the request: an uploaded file, or a URI <c>data:image/…;base64,…</c> (RFC 2397).</summary>
/// <param name="MediaType">Media type that the caller states; the decoder finds the real one.</param>
/// <param name="Content">The file's bytes.</param>
[JsonConverter(typeof(DigestConverter))]
public sealed partial record InlineImage(string MediaType, BinaryData Content)
{
    public const int LargestDataUri = 10 * 1024 * 1024;
    private const string Accepted =
        "is not a valid data URI; it must be data:image/TYPE;base64, followed by at most 10 MiB in base64.";

    /// <summary>Stands for the image in the record and in every response.</summary>
    public string Shown => $"data:{MediaType}";

    /// <summary>Wraps an uploaded file.</summary>
    /// <param name="mediaType">Ignored unless it is an image's.</param>
    /// <param name="content">The file's bytes, which are not copied.</param>
    public static InlineImage FromUpload(string? mediaType, ReadOnlyMemory<byte> content) =>
        new(mediaType is not null && UploadType().IsMatch(mediaType) ? mediaType.ToLowerInvariant() : "image/*",
            BinaryData.FromBytes(content));

    /// <summary>Decodes a data URI in place.</summary>
    /// <param name="uri">A URI that starts with <c>data:</c>, in UTF-8. Its bytes become those of the image.</param>
    /// <param name="problem">What is wrong, to be read after the field's name, when null is returned.</param>
    public static InlineImage? TryParse(Memory<byte> uri, out string problem)
    {
        problem = Accepted;
        var comma = uri.Span.IndexOf((byte)',');
        if (comma is < 5 or > 200) return null;

        var parts = Encoding.UTF8.GetString(uri.Span[5..comma]).Split(';');
        var mediaType = parts[0].ToLowerInvariant();
        var subtype = mediaType.StartsWith("image/", StringComparison.Ordinal) ? mediaType[6..] : "";
        if (subtype.Length == 0 || !subtype.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.'))
            return null;
        if (parts.Length < 2 || !parts[^1].Equals("base64", StringComparison.OrdinalIgnoreCase)) return null;

        var encoded = uri[(comma + 1)..];
        if (!Base64.IsValid(encoded.Span, out var length) || length == 0) return null;
        if (length > LargestDataUri)
        {
            problem = $"has {length:N0} bytes; a data URI must not exceed {LargestDataUri:N0} bytes (10 MiB). Give a "
                + "larger image as a file or by its http or https URL.";
            return null;
        }
        return new(mediaType, BinaryData.FromBytes(LongTexts.DecodeBase64(encoded)!.Value));
    }

    /// <summary>Writes a digest in place of the bytes, for <see cref="SubmitRequest.Fingerprint"/>.</summary>
    internal sealed class DigestConverter : JsonConverter<InlineImage>
    {
        public override InlineImage Read(ref Utf8JsonReader reader, Type typeToConvert,
            JsonSerializerOptions options) =>
            throw new NotSupportedException("A digest cannot be turned back into an image.");

        public override void Write(Utf8JsonWriter writer, InlineImage value, JsonSerializerOptions options) =>
            writer.WriteStringValue(Convert.ToHexStringLower(SHA256.HashData(value.Content.ToMemory().Span)));
    }

    [GeneratedRegex(@"^image/[a-z0-9.+-]{1,60}$", RegexOptions.IgnoreCase)]
    private static partial Regex UploadType();
}
