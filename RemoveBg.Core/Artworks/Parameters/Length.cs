using System.Globalization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>A length in pixels or as a share of another length: <c>30px</c>, <c>30</c>, <c>12.5%</c>.</summary>
/// <param name="Value">Pixels, or the share from 0 to 1.</param>
/// <param name="IsShare">Whether <paramref name="Value"/> is a share.</param>
public readonly record struct Length(double Value, bool IsShare)
{
    /// <summary>Converts to pixels.</summary>
    /// <param name="whole">Length that 100 % stands for, in pixels.</param>
    public double Of(double whole) => IsShare ? Value * whole : Value;

    /// <returns>Null when the text is no length from 0 to 1,000,000.</returns>
    public static Length? TryParse(string text)
    {
        var isShare = text.EndsWith('%');
        var number = isShare ? text[..^1] : text.EndsWith("px", StringComparison.Ordinal) ? text[..^2] : text;
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            // Without a sign, too, .NET reads "-Infinity".
            && value is >= 0 and <= 1_000_000
            ? new(isShare ? value / 100 : value, isShare) : null;
    }

    /// <summary>Parses lengths separated by spaces.</summary>
    /// <param name="text">The lengths.</param>
    /// <param name="counts">Accepted numbers of lengths.</param>
    /// <returns>Null when one of them is no length, or their number is not accepted.</returns>
    internal static IReadOnlyList<Length>? TryParseAll(string text, params int[] counts)
    {
        var all = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(TryParse).ToList();
        return counts.Contains(all.Count) && all.TrueForAll(length => length is not null)
            ? [.. all.Select(length => length!.Value)] : null;
    }
}
