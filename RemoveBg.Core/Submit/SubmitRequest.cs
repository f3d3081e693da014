using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Submit;

/// <summary>What <c>POST /v2/artworks/remove-background</c> asks for, checked.</summary>
/// <param name="ImageUrl">As given; of a picture that came along the media type only.</param>
/// <param name="InlineImage">The photo, when it came along.</param>
/// <param name="Options">Null when nothing beyond the cut-out is asked for.</param>
/// <param name="InlineBackground">The background picture, when it came along.</param>
public sealed record SubmitRequest(
    string ImageUrl, InlinePicture? InlineImage, string? Webhook, OutputFormat OutputFormat,
        PictureOptions? Options = null, InlinePicture? InlineBackground = null)
{
    public const int LongestUrl = 2048;

    /// <summary>Equal for requests that ask for the same thing, however they are laid out.</summary>
    public string Fingerprint() =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(
        new[] { ImageUrl, InlineImage?.Digest, Webhook, OutputFormat.Word(), Options?.ToJson(),
            InlineBackground?.Digest }))));
}
