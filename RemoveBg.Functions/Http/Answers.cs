using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Functions.Http;

/// <summary>Writes JSON responses.</summary>
public static class Answers
{
    public static IResult Json<T>(T value, JsonTypeInfo<T> type, int statusCode = StatusCodes.Status200OK) =>
        Results.Text(JsonSerializer.Serialize(value, type), "application/json", Encoding.UTF8, statusCode);

    public static IResult Artwork(ArtworkView artwork, int statusCode = StatusCodes.Status200OK) =>
        Json(artwork, WireJson.Readable.ArtworkView, statusCode);

    /// <summary>Confidence of the model, 0 to 1 with three decimals; absent until there is a result.</summary>
    public const string ConfidenceHeader = "RemoveBg-Confidence";

    public static void SetConfidence(HttpResponse response, Artwork artwork)
    {
        if (artwork.Confidence is { } confidence) response.Headers[ConfidenceHeader] =
            confidence.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Writes an error, with the reason phrase if the message differs from it.</summary>
    public static IResult Error(int statusCode, string message)
    {
        var reason = ReasonPhrases.GetReasonPhrase(statusCode);
        return Json(new ErrorView(message, statusCode, message == reason ? null : reason), WireJson.Readable.ErrorView,
            statusCode);
    }
}
