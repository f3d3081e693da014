using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>Which channels the result has.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Channels>))]
public enum Channels
{
    /// <summary>Colour and alpha.</summary>
    [JsonStringEnumMemberName("rgba")]
    Rgba,

    /// <summary>The matte alone, as a grey image.</summary>
    [JsonStringEnumMemberName("alpha")]
    Alpha,

    /// <summary>The photo with a transparent subject: the part that is removed otherwise.</summary>
    [JsonStringEnumMemberName("background")]
    Background,
}
