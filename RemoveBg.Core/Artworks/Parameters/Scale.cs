using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>Share of the image that the subject fills (remove.bg's <c>scale</c>), like <c>80%</c>.</summary>
[JsonConverter(typeof(TextValueConverter<Scale>))]
public sealed record Scale : ITextValue<Scale>
{
    private Scale(string text, double share)
    {
        Text = text;
        Share = share;
    }

    public static string Accepted => "a percentage from 10% to 100%";

    public string Text { get; }

    /// <summary>Share of the image's width or height, whichever the subject reaches first; 0.1 to 1.</summary>
    public double Share { get; }

    public static Scale? TryParse(string text) =>
        Length.TryParse(text) is { IsShare: true, Value: >= 0.1 and <= 1 } length ? new(text, length.Value) : null;
}
