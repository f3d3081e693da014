using System.Text.Json;
using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>Options beyond the cut-out itself; null where not given.</summary>
/// <remarks>Stored with the record and shown in <c>parameters</c>. Names and order are wire format, and each name is a
/// field of a request.</remarks>
public record CutOutOptions
{
    /// <summary>Whether to keep only the subject's rectangle, with <see cref="CropMargin"/> around it.</summary>
    public bool? Crop { get; init; }

    public Margin? CropMargin { get; init; }

    public Scale? Scale { get; init; }

    public Position? Position { get; init; }

    public Region? Roi { get; init; }

    public Background? Background { get; init; }

    /// <summary>Strength of <see cref="Background.Blur"/>, from 1 to 100.</summary>
    public int? BackgroundBlur { get; init; }

    public bool? Shadow { get; init; }

    /// <summary>Longest side at most, in pixels.</summary>
    public int? Size { get; init; }

    /// <summary>Width times height at most, in millions of pixels.</summary>
    public double? Megapixels { get; init; }

    public Channels? Channels { get; init; }

    /// <summary>Name of the network.</summary>
    public string? Model { get; init; }

    /// <summary>Whether a photo without a subject fails instead of giving an empty cut-out.</summary>
    public bool? RequireForeground { get; init; }

    /// <summary>Whether to record the subject's rectangle, which takes time to find. Set by the drop-in route only,
    /// and not shown.</summary>
    public bool? FindSubject { get; init; }

    /// <summary>Opacity of the shadow in percent of its usual one; null for all of it. Set by the drop-in route only,
    /// and not shown.</summary>
    public int? ShadowOpacity { get; init; }

    /// <summary>Whether the result has another size than the photo, or the subject another place.</summary>
    [JsonIgnore]
    public bool Arranges =>
        this is not { Crop: not true, Scale: null, Position: null, Roi: null, Size: null, Megapixels: null };

    [JsonIgnore]
    public bool IsAlphaOnly => Channels == Parameters.Channels.Alpha;

    [JsonIgnore]
    public bool IsBackgroundOnly => Channels == Parameters.Channels.Background;

    /// <summary>Names of the fields that a request may have, in order.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. CutOutOptionsJson.Default.CutOutOptions.Properties.Select(property => property.Name)
            .Where(name => name is not ("findSubject" or "shadowOpacity" or "arranges" or "isAlphaOnly"
                or "isBackgroundOnly"))];

    internal string ToJson() => JsonSerializer.Serialize(this, CutOutOptionsJson.Default.CutOutOptions);

    /// <exception cref="JsonException">A value is not accepted.</exception>
    internal static CutOutOptions Parse(string json) =>
        JsonSerializer.Deserialize(json, CutOutOptionsJson.Default.CutOutOptions)!;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CutOutOptions))]
internal sealed partial class CutOutOptionsJson : JsonSerializerContext;
