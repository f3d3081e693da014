using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Store;

/// <summary>What travels on both queues. Everything else is read from the record, which alone is true.</summary>
/// <param name="Version">Of this format; 1.</param>
/// <param name="Id">The artwork.</param>
/// <param name="Attempt">1 for the first: of the processing (queue artworks), of the delivery (queue webhooks).</param>
/// <param name="TraceParent">Of the submission (W3C Trace Context), where the sender knows it.</param>
public sealed record ArtworkMessage(
    [property: JsonPropertyName("v")] int Version,
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("attempt")] int Attempt,
    [property: JsonPropertyName("traceparent")] [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        string? TraceParent = null)
{
    public const int CurrentVersion = 1;

    public string ToJson() => JsonSerializer.Serialize(this, ArtworkMessageJson.Default.ArtworkMessage);

    /// <summary>Reads a message as the queue stores it: the host passes it undecoded, because
    /// it loses what is not base64.</summary>
    /// <param name="text">JSON in base64, as this program sends it, or plain JSON, as an operator may send it.</param>
    /// <returns>Null for anything that no version of this program has sent.</returns>
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
