using System.Reflection;
using SkiaSharp;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>Parses colours.</summary>
internal static class Colour
{
    public const string Accepted = "#rgb, #rrggbb, #rrggbbaa or a CSS colour name";

    public const uint White = 0xFFFFFFFF;

    private static readonly Dictionary<string, uint> Names = NamedColours();

    /// <summary>Parses a colour as in CSS Color 4, with or without the #; the last digits are alpha.</summary>
    /// <returns>R in the lowest byte, A in the highest; null when the text is no colour.</returns>
    public static uint? TryParse(string text)
    {
        if (Names.TryGetValue(text, out var named)) return named;
        var digits = text.StartsWith('#') ? text[1..] : text;
        if (!digits.All(char.IsAsciiHexDigit)) return null;
        if (digits.Length is 3 or 4) digits = string.Concat(digits.Select(digit => new string(digit, 2)));
        if (digits.Length is not (6 or 8)) return null;
        var bytes = Convert.FromHexString(digits);
        return Pack(bytes[0], bytes[1], bytes[2], bytes.Length == 4 ? bytes[3] : (byte)255);
    }

    /// <summary>Adds British spellings to Skia's colours, which are those of CSS 3.</summary>
    private static Dictionary<string, uint> NamedColours()
    {
        var names = new Dictionary<string, uint>(
            StringComparer.OrdinalIgnoreCase) { ["rebeccapurple"] = Pack(0x66, 0x33, 0x99, 0xFF) };
        foreach (var field in typeof(SKColors).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.FieldType == typeof(SKColor)))
            names[field.Name] = names[field.Name.Replace("gray", "grey", StringComparison.OrdinalIgnoreCase)] =
                Rgba((SKColor)field.GetValue(null)!);
        return names;
    }

    private static uint Rgba(SKColor colour) => Pack(colour.Red, colour.Green, colour.Blue, colour.Alpha);

    private static uint Pack(byte r, byte g, byte b, byte a) => r | (uint)g << 8 | (uint)b << 16 | (uint)a << 24;
}
