using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>How much of the image the subject fills (remove.bg's <c>scale</c>), like <c>80%</c>.</summary>
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

    /// <summary>Of the image's width or height, whichever the subject reaches first; from 0.1 to 1.</summary>
    public double Share { get; }

    public static Scale? TryParse(string text) =>
        Length.TryParse(text) is { IsShare: true, Value: >= 0.1 and <= 1 } length ? new(text, length.Value) : null;
}
