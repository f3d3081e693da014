using RemoveBg.Core.Artworks.Parameters;
using static RemoveBg.Tests.Fuzz.BrokenInvariantException;

namespace RemoveBg.Tests.Fuzz;

/// <summary>The documented limits of the options (docs/api.md), written a second time.</summary>
internal static class OptionLimits
{
    /// <returns>The kind of the options: the names of those that are given.</returns>
    public static string Check(CutOutOptions options)
    {
        Require(options.Size is null or >= 16 and <= 20_000, $"size {options.Size}");
        Require(options.Megapixels is null or >= 0.01 and <= 50, $"megapixels {options.Megapixels}");
        Require(options.BackgroundBlur is null or >= 1 and <= 100, $"backgroundBlur {options.BackgroundBlur}");
        Require(options.CropMargin is null || options.Crop == true, "cropMargin needs crop");
        Require(options.Crop != true || options is { Scale: null, Position: null }, "a crop fills the image");
        if (options.CropMargin is { } margin) Check(margin);
        if (options.Scale is { } scale) Check(scale);
        if (options.Position is { } position) Check(position);
        if (options.Roi is { } region) Check(region);
        // As the record stores them.
        var stored = CutOutOptions.Parse(options.ToJson());
        Require(stored.ToJson() == options.ToJson(), "stored options are the same");
        return string.Join(' ', typeof(CutOutOptions).GetProperties().Where(property =>
            property is { Name: not "Arranges", GetMethod.IsStatic: false } && property.GetValue(options) is not null)
            .Select(property => property.Name));
    }

    public static void Check(Margin margin)
    {
        foreach (var length in new[] { margin.Top, margin.Right, margin.Bottom, margin.Left })
            Require(length.IsShare ? length.Value is >= 0 and <= 0.5 : length.Value is >= 0 and <= 500,
                $"'{margin.Text}' has {length}");
    }

    public static void Check(Scale scale) =>
        Require(scale.Share is >= 0.1 and <= 1, $"'{scale.Text}' is {scale.Share}");

    public static void Check(Position position) => Require(position.Share is not { } at
        || at is { X: >= 0 and <= 1, Y: >= 0 and <= 1 }, $"'{position.Text}' is {position.Share}");

    public static void Check(Region region)
    {
        foreach (var length in new[] { region.X1, region.Y1, region.X2, region.Y2 })
            Require(length.Value >= 0 && length.Value <= (length.IsShare ? 1 : 1_000_000),
                $"'{region.Text}' has {length}");
        Require(region.X1.IsShare != region.X2.IsShare || region.X1.Value < region.X2.Value, $"'{region.Text}': x");
        Require(region.Y1.IsShare != region.Y2.IsShare || region.Y1.Value < region.Y2.Value, $"'{region.Text}': y");
    }
}
