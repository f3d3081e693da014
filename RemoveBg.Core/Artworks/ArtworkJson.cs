using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RemoveBg.Core.Artworks.Parameters;

namespace RemoveBg.Core.Artworks;

/// <summary>An artwork as callers and webhook receivers see it. Names and order are wire format.</summary>
public sealed record ArtworkView(
    Guid Id,
    string ArtworkType,
    ArtworkParameters Parameters,
    decimal Duration,
    IReadOnlyList<string> Results,
    string Status,
    string CreatedAt,
    ArtworkFailure? Error);

/// <summary>Parameters of the request: always the first three, and the options that were given.</summary>
public sealed record ArtworkParameters : CutOutOptions
{
    [JsonConstructor]
    public ArtworkParameters()
    {
    }

    private ArtworkParameters(CutOutOptions asked) : base(asked)
    {
    }

    [JsonPropertyOrder(-3)]
    public string ImageUrl { get; init; } = "";

    [JsonPropertyOrder(-2)]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Webhook { get; init; }

    [JsonPropertyOrder(-1)]
    public string OutputFormat { get; init; } = "";

    public static ArtworkParameters Of(Artwork artwork) => new((artwork.Options ?? new()) with
    {
        FindSubject = null,
        ShadowOpacity = null,
    })
    {
        ImageUrl = artwork.ImageUrl,
        Webhook = artwork.Webhook,
        OutputFormat = artwork.OutputFormat.Word(),
    };
}

/// <summary>One page of <c>GET /v2/artworks</c>.</summary>
/// <param name="Items">Artworks, newest first.</param>
/// <param name="NextCursor">Value of <c>cursor</c> for the next page; null on the last page.</param>
public sealed record ArtworkPage(
    IReadOnlyList<ArtworkView> Items,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? NextCursor);

/// <summary>Response to <c>POST /v2/artworks/batch</c>, in the order of the request.</summary>
public sealed record ArtworkBatch(IReadOnlyList<ArtworkView> Items);

/// <summary>Response to <c>GET /v2/artworks/{id}/webhook-deliveries</c>.</summary>
public sealed record WebhookDeliveriesView(string WebhookId, string Status, IReadOnlyList<WebhookDeliveryView> Items);

/// <param name="Duration">Seconds.</param>
public sealed record WebhookDeliveryView(
    int Attempt,
    string At,
    string Outcome,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? StatusCode,
    decimal Duration,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? NextAttemptAt);

/// <summary>Response to <c>POST /v2/webhook-test</c>.</summary>
/// <param name="WebhookId">The webhook-id that was sent.</param>
/// <param name="Outcome">See <c>WebhookDeliveryView</c>.</param>
/// <param name="StatusCode">Null if no response came.</param>
/// <param name="Duration">Seconds.</param>
/// <param name="Response">Beginning of the response's text; null if no response came.</param>
/// <param name="Sent">The body that was sent.</param>
public sealed record WebhookTestView(
    string WebhookId,
    string Outcome,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? StatusCode,
    decimal Duration,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Response,
    ArtworkView Sent);

/// <summary>Every error response.</summary>
/// <param name="Message">What was wrong and what is accepted.</param>
/// <param name="StatusCode">The HTTP status.</param>
/// <param name="Error">The status' reason phrase; null where <paramref name="Message"/> is the same.</param>
public sealed record ErrorView(
    string Message,
    int StatusCode,
    string? Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ArtworkView))]
[JsonSerializable(typeof(ArtworkPage))]
[JsonSerializable(typeof(ArtworkBatch))]
[JsonSerializable(typeof(WebhookDeliveriesView))]
[JsonSerializable(typeof(WebhookTestView))]
[JsonSerializable(typeof(ErrorView))]
public sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>Does not escape the &amp; of signed URLs. Safe because every response is application/json with
    /// nosniff.</summary>
    public static WireJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

public static class WireText
{
    /// <summary>RFC 3339, UTC, milliseconds.</summary>
    public static string Wire(this DateTimeOffset time) =>
        time.ToUniversalTime()
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Seconds with three decimals.</summary>
    public static decimal WireSeconds(this TimeSpan duration) => Math.Round((decimal)duration.TotalSeconds, 3);

    public static string ToJson(this ArtworkView view) => JsonSerializer.Serialize(view, WireJson.Readable.ArtworkView);
}
