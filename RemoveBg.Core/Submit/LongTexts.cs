using System.Buffers.Text;
using System.Globalization;

namespace RemoveBg.Core.Submit;

/// <summary>Texts of a request that stay in its body, because each may be an image in base64 of many megabytes; as a
/// string it would take two bytes a character, and be copied at each step. A short mark stands for each.</summary>
public sealed class LongTexts
{
    /// <summary>Bytes from which a text is long. No text that is not an image may have as many.</summary>
    public const int Shortest = 64 * 1024;

    private readonly string _mark = $"long:{Guid.NewGuid():N}:";
    private readonly List<Memory<byte>> _all = [];

    /// <summary>Keeps a text.</summary>
    /// <param name="utf8">The text, in memory that may be overwritten.</param>
    /// <returns>The mark that stands for it.</returns>
    public string Keep(Memory<byte> utf8)
    {
        _all.Add(utf8);
        return _mark + (_all.Count - 1).ToString(CultureInfo.InvariantCulture);
    }

    /// <returns>The text that a mark stands for; null for any other text.</returns>
    public Memory<byte>? Find(string text)
    {
        // No conditional operator: it would turn null into empty memory.
        if (!text.StartsWith(_mark, StringComparison.Ordinal)) return null;
        return _all[int.Parse(text.AsSpan(_mark.Length), NumberStyles.None, CultureInfo.InvariantCulture)];
    }

    /// <summary>Decodes base64 where it is, so that it takes no more memory.</summary>
    /// <returns>Null if it is not base64.</returns>
    internal static Memory<byte>? DecodeBase64(Memory<byte> utf8)
    {
        if (!Base64.IsValid(utf8.Span)) return null;
        Base64.DecodeFromUtf8InPlace(utf8.Span, out var length);
        return utf8[..length];
    }
}
