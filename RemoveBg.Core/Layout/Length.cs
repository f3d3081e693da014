using System.Globalization;

namespace RemoveBg.Core.Layout;

/// <summary>So many pixels, or a share of something: <c>30px</c>, <c>30</c>, <c>12.5%</c>.</summary>
internal readonly record struct Length(double Value, bool IsShare)
{
    /// <param name="whole">In pixels, what 100 % is.</param>
    public double Of(double whole) => IsShare ? Value * whole : Value;

    public static Length? TryParse(string text)
    {
        var isShare = text.EndsWith('%');
        var number = isShare ? text[..^1] : text.EndsWith("px", StringComparison.Ordinal) ? text[..^2] : text;
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value <= 1_000_000
            ? new(isShare ? value / 100 : value, isShare) : null;
    }

    /// <returns>All lengths of a text with blanks between, or null when one of them is none or
    /// their number is not accepted.</returns>
    public static IReadOnlyList<Length>? TryParseAll(string text, params int[] counts)
    {
        var all = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(TryParse).ToList();
        return counts.Contains(all.Count) && all.TrueForAll(length => length is not null)
            ? [.. all.Select(length => length!.Value)] : null;
    }
}
