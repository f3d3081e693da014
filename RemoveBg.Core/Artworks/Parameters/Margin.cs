using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>Space around a cropped subject (remove.bg's <c>crop_margin</c>): one length for all sides, two for top and
/// bottom, left and right, or four clockwise from the top. A share is of the subject's height or width.</summary>
[JsonConverter(typeof(TextValueConverter<Margin>))]
public sealed record Margin : ITextValue<Margin>
{
    private const double LargestShare = 0.5, LargestPixels = 500;

    public static readonly Margin None = TryParse("0")!;

    private Margin(string text, IReadOnlyList<Length> lengths)
    {
        Text = text;
        (Top, Right) = (lengths[0], lengths[1 % lengths.Count]);
        (Bottom, Left) = (lengths[2 % lengths.Count], lengths[3 % lengths.Count]);
    }

    public static string Accepted => "one, two or four lengths separated by spaces (all sides; top and bottom, left "
        + "and right; top, right, bottom, left), each at most 500px or 50%, like '10%' or '20px 0'";

    public string Text { get; }

    public Length Top { get; }

    public Length Right { get; }

    public Length Bottom { get; }

    public Length Left { get; }

    public static Margin? TryParse(string text) =>
        Length.TryParseAll(text, 1, 2, 4) is { } lengths
            && lengths.All(length => length.Value <= (length.IsShare ? LargestShare : LargestPixels))
            ? new(text, lengths) : null;
}
