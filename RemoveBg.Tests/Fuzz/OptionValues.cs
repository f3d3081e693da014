using RemoveBg.Core.Artworks.Parameters;
using static RemoveBg.Tests.Fuzz.BrokenInvariantException;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Values of one text, read as each kind of option; null where it is none.</summary>
internal sealed record OptionValues(Length? Length, Margin? Margin, Scale? Scale, Position? Position, Region? Region,
    Background? Background)
{
    /// <returns>Null if none takes the text.</returns>
    public static OptionValues? Of(string text)
    {
        var values = new OptionValues(Core.Artworks.Parameters.Length.TryParse(text), Core.Artworks.Parameters.Margin
            .TryParse(text), Core.Artworks.Parameters.Scale.TryParse(text), Core.Artworks.Parameters.Position
            .TryParse(text), Core.Artworks.Parameters.Region.TryParse(text), Core.Artworks.Parameters.Background
            .TryParse(text));
        return values == new OptionValues(null, null, null, null, null, null) ? null : values;
    }

    public string Check()
    {
        Require(Length is null || Length.Value.Value is >= 0 and <= 1_000_000, $"{Length}");
        if (Margin is not null) OptionLimits.Check(Margin);
        if (Scale is not null) OptionLimits.Check(Scale);
        if (Position is not null) OptionLimits.Check(Position);
        if (Region is not null) OptionLimits.Check(Region);
        return $"{Length is null} {Margin is null} {Scale is null} {Position is null} {Region is null} "
            + Background?.GetType().Name;
    }
}
