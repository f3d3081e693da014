using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.DropIn;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions.DropIn;

internal sealed record V1Answer(V1Data Data);

internal sealed record V1Data(
    [property: JsonPropertyName("result_b64")] ReadOnlyMemory<byte> Result,
    [property: JsonPropertyName("foreground_top")] int Top,
    [property: JsonPropertyName("foreground_left")] int Left,
    [property: JsonPropertyName("foreground_width")] int Width,
    [property: JsonPropertyName("foreground_height")] int Height);

internal sealed record V1ErrorAnswer(IReadOnlyList<V1Problem> Errors);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(V1Account))]
[JsonSerializable(typeof(V1Answer))]
[JsonSerializable(typeof(V1ErrorAnswer))]
internal sealed partial class V1Json : JsonSerializerContext;

/// <summary>Writes errors and rate headers as remove.bg does.</summary>
internal sealed class V1Errors(TimeProvider clock) : ErrorStyle
{
    public override bool Challenges => false;

    public override void Rate(IHeaderDictionary headers, RateDecision decision)
    {
        headers["X-RateLimit-Limit"] = decision.Quota.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Remaining"] = decision.Remaining.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Reset"] =
            (clock.GetUtcNow() + decision.Reset).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
    }

    public override IResult? Of(Exception problem) => problem switch
    {
        V1Exception refused => Json(refused.StatusCode, refused.Problems),
        // remove.bg's clients expect 403, not 401.
        ApiException { StatusCode: 401 or 403 } denied =>
            Json(403, [new("API Key invalid", "auth_failed", denied.Message)]),
        ApiException { StatusCode: 429 } slow =>
            Json(429, [new("Rate limit exceeded", "rate_limit_exceeded", slow.Message)]),
        ApiException { StatusCode: < 500 } bad =>
            Json(bad.StatusCode, [new("Invalid request", "invalid_request", bad.Message)]),
        ApiException ours => Json(ours.StatusCode, [new("Internal error", "internal_error", ours.Message)]),
        _ => null,
    };

    private static IResult Json(int statusCode, IReadOnlyList<V1Problem> problems) =>
        Answers.Json(new V1ErrorAnswer(problems), V1Json.Default.V1ErrorAnswer, statusCode);
}
