using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;

namespace RemoveBg.Core.Submit;

/// <summary>A checked request to <c>POST /v2/artworks/remove-background</c>.</summary>
/// <param name="ImageUrl">URL as given; the media type only for an image that came with the request.</param>
/// <param name="InlineImage">The photo, when it came with the request.</param>
/// <param name="Webhook">Absolute https URL; null for none.</param>
/// <param name="OutputFormat">Requested file format.</param>
/// <param name="Options">Null when nothing beyond the cut-out is asked for.</param>
/// <param name="InlineBackground">The background image, when it came with the request.</param>
public sealed record SubmitRequest(
    string ImageUrl, InlineImage? InlineImage, string? Webhook, OutputFormat OutputFormat,
        CutOutOptions? Options = null, InlineImage? InlineBackground = null)
{
    public const int LongestUrl = 8192;

    /// <summary>Hashes everything that the request asks for.</summary>
    /// <returns>Equal for requests that ask for the same, however they are laid out.</returns>
    public Fingerprint Fingerprint() =>
        new(Convert.ToHexStringLower(SHA256.HashData(
            JsonSerializer.SerializeToUtf8Bytes(this, SubmitRequestJson.Default.SubmitRequest))));
}

/// <summary>Null fields are left out, so that a new optional field changes no earlier fingerprint.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SubmitRequest))]
internal sealed partial class SubmitRequestJson : JsonSerializerContext;
