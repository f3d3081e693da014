using System.Text.Json;
using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks;

/// <summary>What a caller may ask of the picture beyond the cut-out itself. What was not asked for is null; values are
/// as they came, and have been checked when the request was read. Stored with the record and shown in
/// <c>parameters</c>, so names and order are wire format.</summary>
public record PictureOptions
{
    /// <summary>Only the subject's rectangle, with <see cref="CropMargin"/> around it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Crop { get; init; }

    /// <summary>One, two or four lengths, as in CSS; see <see cref="Layout.Margin"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CropMargin { get; init; }

    /// <summary>How much of the picture the subject shall fill, like <c>80%</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scale { get; init; }

    /// <summary>Where the subject shall be; see <see cref="Layout.Position"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Position { get; init; }

    /// <summary>Where to look for a subject; see <see cref="Layout.Region"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Roi { get; init; }

    /// <summary>A colour, or a picture's URL; of a picture that came along the media type only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Background { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Shadow { get; init; }

    /// <summary>The longest side at most, in pixels.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Size { get; init; }

    /// <summary>Width times height at most, in millions of pixels.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Megapixels { get; init; }

    /// <summary><c>rgba</c>, or <c>alpha</c> for the matte alone as a grey picture.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Channels { get; init; }

    /// <summary>A network's name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>Whether a photo without a subject shall fail instead of giving an empty cut-out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? RequireForeground { get; init; }

    /// <summary>A background picture came in the request and lies in Blob Storage.</summary>
    [JsonIgnore]
    public bool HasStoredBackground => Background?.StartsWith("data:", StringComparison.Ordinal) == true;

    [JsonIgnore]
    public bool HasBackgroundUrl => Background?.StartsWith("http", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Whether the subject's rectangle is to be recorded: looking for it takes time. Asked by the
    /// drop-in route only, and not shown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? FindSubject { get; init; }

    /// <summary>Whether the result has another size than the photo, or the subject another place.</summary>
    [JsonIgnore]
    public bool Arranges =>
        this is not { Crop: not true, Scale: null, Position: null, Roi: null, Size: null, Megapixels: null };

    [JsonIgnore]
    public bool IsAlphaOnly => Channels == "alpha";

    internal string ToJson() => JsonSerializer.Serialize(this, PictureOptionsJson.Default.PictureOptions);

    internal static PictureOptions Parse(string json) =>
        JsonSerializer.Deserialize(json, PictureOptionsJson.Default.PictureOptions)!;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PictureOptions))]
internal sealed partial class PictureOptionsJson : JsonSerializerContext;
