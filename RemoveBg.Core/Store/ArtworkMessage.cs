using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Store;

/// <summary>A message on either queue. Everything else is read from the record, the only source of truth.</summary>
/// <param name="Version">Version of this format, 1.</param>
/// <param name="Id">The artwork.</param>
/// <param name="Attempt">Number of the processing attempt (queue artworks) or delivery attempt (queue webhooks), from
/// 1.</param>
/// <param name="TraceParent">W3C <c>traceparent</c> of the submission, where the sender knows it.</param>
/// <param name="Due">On queue webhooks, the record's <see cref="WebhookState.NextAttemptAt"/> when this was sent:
/// once the record has another, this message is out of date. Null on queue artworks and from earlier versions.</param>
public sealed record ArtworkMessage(
    [property: JsonPropertyName("v")] int Version,
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("attempt")] int Attempt,
    [property: JsonPropertyName("traceparent")] [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        string? TraceParent = null,
    [property: JsonPropertyName("due")] [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        DateTimeOffset? Due = null)
{
    public const int CurrentVersion = 1;

    public string ToJson() => JsonSerializer.Serialize(this, ArtworkMessageJson.Default.ArtworkMessage);

    /// <summary>Parses a message as the queue stores it. The host passes it undecoded, because it loses messages that
    /// are not base64.</summary>
    /// <param name="text">JSON in base64, as this program sends it, or plain JSON, as an operator may send it.</param>
    /// <returns>Null if no version of this program can have sent the message.</returns>
    public static ArtworkMessage? TryParse(string text)
    {
        try
        {
            var json = text.AsSpan().TrimStart() is ['{', ..] ? Encoding.UTF8.GetBytes(text)
                : Convert.FromBase64String(text);
            var message = JsonSerializer.Deserialize(json, ArtworkMessageJson.Default.ArtworkMessage);
            return message is { Version: >= 1 and <= CurrentVersion } && message.Id != Guid.Empty ? message : null;
        }
        catch (Exception problem) when (problem is JsonException or FormatException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(ArtworkMessage))]
internal sealed partial class ArtworkMessageJson : JsonSerializerContext;
