using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>Position of the subject (remove.bg's <c>position</c>): <c>original</c>, <c>center</c>, or its share of
/// the free space to its left and above it, like <c>50% 100%</c>.</summary>
[JsonConverter(typeof(TextValueConverter<Position>))]
public sealed record Position : ITextValue<Position>
{
    private static readonly (double, double) Middle = (0.5, 0.5);

    public static readonly Position Center = new("center", Middle);

    private Position(string text, (double X, double Y)? share)
    {
        Text = text;
        Share = share;
    }

    public static string Accepted => "'original', 'center', or one or two percentages like '50%' or '50% 100%'";

    public string Text { get; }

    /// <summary>Free space on the left and above, each from 0 to 1; null leaves the subject where it is.</summary>
    public (double X, double Y)? Share { get; }

    public static Position? TryParse(string text) => text switch
    {
        "original" => new(text, null),
        "center" => Center,
        _ => Length.TryParseAll(text, 1, 2) is { } shares
            && shares.All(share => share is { IsShare: true, Value: <= 1 })
            ? new(text, (shares[0].Value, shares[^1].Value)) : null,
    };
}
