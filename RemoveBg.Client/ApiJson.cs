using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace RemoveBg.Client;

/// <summary>The API's JSON, without reflection, so that trimmed and native programs read it, too.</summary>
[JsonSerializable(typeof(Artwork))]
[JsonSerializable(typeof(Deliveries))]
[JsonSerializable(typeof(Options), TypeInfoPropertyName = "Fields")]
[JsonSerializable(typeof(Page))]
[JsonSerializable(typeof(WebhookTest))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    public static ApiJson Wire { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters =
        {
            new JsonStringEnumConverter<ArtworkStatus>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<Channels>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<OutputFormat>(JsonNamingPolicy.CamelCase),
        },
    });

    /// <summary>Reads a response's body, and disposes of the response.</summary>
    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var type = (JsonTypeInfo<T>)Wire.GetTypeInfo(typeof(T))!;
        using (response)
            return (await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false))!;
    }
}

/// <summary>One page of a list, or a batch.</summary>
internal sealed record Page(IReadOnlyList<Artwork> Items, string? NextCursor);
