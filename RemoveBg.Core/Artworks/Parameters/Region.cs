using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>The rectangle in which a subject is searched (remove.bg's <c>roi</c>); everything outside is background.
/// Two corners, <c>x1 y1 x2 y2</c>, in pixels or percent of the upright photo.</summary>
[JsonConverter(typeof(TextValueConverter<Region>))]
public sealed record Region : ITextValue<Region>
{
    private Region(string text, IReadOnlyList<Length> corners)
    {
        Text = text;
        (X1, Y1, X2, Y2) = (corners[0], corners[1], corners[2], corners[3]);
    }

    public static string Accepted => "two corners 'x1 y1 x2 y2' in pixels or percent, the first one left of and above "
        + "the second, like '0% 0% 50% 100%'";

    public string Text { get; }

    public Length X1 { get; }

    public Length Y1 { get; }

    public Length X2 { get; }

    public Length Y2 { get; }

    public static Region? TryParse(string text)
    {
        if (Length.TryParseAll(text, 4) is not { } all || all.Any(length => length is { IsShare: true, Value: > 1 }))
            return null;
        // A share and a number of pixels can only be compared once the photo's size is known.
        var isOrdered = (all[0].IsShare != all[2].IsShare || all[0].Value < all[2].Value)
            && (all[1].IsShare != all[3].IsShare || all[1].Value < all[3].Value);
        return isOrdered ? new(text, all) : null;
    }
}
