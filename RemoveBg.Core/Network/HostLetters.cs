using System.Globalization;
using System.Text;

namespace RemoveBg.Core.Network;

/// <summary>Characters that a host name may contain.</summary>
/// <remarks>Full-width and circled digits, ideographic dots and invisible characters become ASCII in some IDN mappings
/// (UTS #46) and not in others: an odd name to one program is 127.0.0.1 to the next. Some letters are replaced, too:
/// Kelvin's sign is a k to browsers.</remarks>
internal static class HostLetters
{
    /// <summary>Letters and marks that are not the same after compatibility normalisation and case folding (NFKC and
    /// full case folding, Unicode 14), and marks that merge with the letter before them. In hexadecimal; the
    /// runtime has no tables of its own in invariant mode.</summary>
    private const string Replaced =
        "AA-BA 130 132-133 13F-140 149 17F 1C4-1CC 1F1-1F3 300-36F 3D0-3D6 3F0-3F2 3F4-3F5 3F9 587 653-655 675-678 "
        + "958-95F 9DC-9DF A33 A36 A59-A5B A5E B5C-B5D E33 EB3 EDC-EDD F43 F4D F52 F57 F5C F69 F73 F75-F79 F81 F93 F9D "
        + "FA2 FA7 FAC FB9 13A0-13FD 1C80-1C88 1E9A-1E9B 1E9E 1F71 1F73 1F75 1F77 1F79 1F7B 1F7D-1FA7 1FB2-1FB4 1FB7 "
        + "1FBB-1FC4 1FC7 1FC9 1FCB 1FD3 1FDB 1FE3 1FEB 1FF2-1FF4 1FF7 1FF9 1FFB 2102-2131 2133-2149 3099-309A 309F "
        + "30FF 3131-318E AB70-ABBF F900-FA0D FA10 FA12 FA15-FA1E FA20 FA22 FA25-FA26 FA2A-FB1D FB1F-FDFB FE70-FE72 "
        + "FE74-FFDC 1D400-1D7CB 1EE00-1EEBB 2F800-2FA1D";

    private static readonly (int From, int To)[] Ranges = [.. Replaced.Split(' ').Select(Range)];

    /// <summary>Whether every character of a host name, port included, is ASCII or a letter that all mappings
    /// keep.</summary>
    public static bool Are(string host) => host.EnumerateRunes().All(IsKept);

    private static bool IsKept(Rune character) => character.IsAscii || IsLetter(character)
        && !Ranges.Any(range => character.Value >= range.From && character.Value <= range.To);

    private static bool IsLetter(Rune character) => Rune.GetUnicodeCategory(character) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.OtherLetter
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static (int From, int To) Range(string text)
    {
        var ends = text.Split('-').Select(end => int.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return (ends.First(), ends.Last());
    }
}
