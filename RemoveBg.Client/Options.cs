using System.Text.Json.Serialization;

namespace RemoveBg.Client;

/// <summary>Fields of a request, by the API's names; what is null is not sent. docs/api.md describes each.</summary>
public sealed record Options
{
    /// <summary>An https URL that is called when the artwork has ended.</summary>
    public string? Webhook { get; init; }

    /// <summary>File format of the result.</summary>
    public OutputFormat? OutputFormat { get; init; }

    /// <summary>Crops to the subject's rectangle.</summary>
    public bool? Crop { get; init; }

    /// <summary>Margin around it, such as <c>8%</c> or <c>20px 0</c>.</summary>
    public string? CropMargin { get; init; }

    /// <summary>Share of the image that the subject fills, <c>10%</c> to <c>100%</c>.</summary>
    public string? Scale { get; init; }

    /// <summary><c>original</c>, <c>center</c>, or shares of the free space such as <c>50% 100%</c>.</summary>
    public string? Position { get; init; }

    /// <summary>Region that may contain the subject: <c>x1 y1 x2 y2</c> in pixels or percent.</summary>
    public string? Roi { get; init; }

    /// <summary>A colour, <c>blur</c>, or an image's URL.</summary>
    public string? Background { get; init; }

    /// <summary>An image behind the subject, instead of <see cref="Background"/>.</summary>
    [JsonIgnore]
    public Photo? BackgroundImage { get; init; }

    /// <summary>Strength of the background <c>blur</c>, 1 to 100.</summary>
    public int? BackgroundBlur { get; init; }

    /// <summary>Adds a soft shadow below the subject.</summary>
    public bool? Shadow { get; init; }

    /// <summary>Maximum longest side in pixels, 16 to 20,000.</summary>
    public int? Size { get; init; }

    /// <summary>Maximum area in millions of pixels, 0.01 to 50.</summary>
    public double? Megapixels { get; init; }

    /// <summary>Channels of the result.</summary>
    public Channels? Channels { get; init; }

    /// <summary>A model that the server has.</summary>
    public string? Model { get; init; }

    /// <summary>Fails with <c>no_foreground</c> when nothing is found.</summary>
    public bool? RequireForeground { get; init; }
}

/// <summary>File format of a result.</summary>
public enum OutputFormat
{
    /// <summary>The same as <see cref="Webp"/>.</summary>
    Auto,

    /// <summary>Lossless.</summary>
    Png,

    /// <summary>Lossy colour, exact alpha.</summary>
    Webp,
}

/// <summary>Channels of a result.</summary>
public enum Channels
{
    /// <summary>The cut-out.</summary>
    Rgba,

    /// <summary>The alpha alone, as an opaque grey image.</summary>
    Alpha,

    /// <summary>The photo with a transparent subject.</summary>
    Background,
}
