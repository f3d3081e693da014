using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Changes inputs in ways at which parsers fail: lengths and offsets, numbers at their limits, pieces twice,
/// elsewhere or missing, and words that mean something to the parser.</summary>
/// <param name="random">Decides all.</param>
/// <param name="words">The parser's own words.</param>
internal sealed class Mutator(Random random, IReadOnlyList<string> words)
{
    /// <summary>Longest input, so that the inputs are many.</summary>
    public const int Longest = 80_000;

    private static readonly long[] Numbers =
    [
        0, 1, 2, 7, 8, 9, 12, 16, 63, 64, 127, 128, 255, 256, 1000, 4096, short.MaxValue, short.MinValue,
        ushort.MaxValue, 65_536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, -1, -2, -8,
    ];

    private static readonly string[] Texts =
    [
        "-1", "0", "1e400", "1e-7", "NaN", "Infinity", "-Infinity", "99999999999999999999", "-0", "0x10", "1.5", "\t",
        " ", "\r\n", "\n", "\0", "\"", "\\", ",", ";", "=", "%", "&", "%2", "\\ud800", "\\u0000", "\u00e9", "\u0130",
        "\u2028", "\ufeff", "\ud83d\ude00", "null", "true", "{}", "[]", "{", "]", "+", "#", "'", "//", "..", "@", ":",
    ];

    public byte[] Change(byte[] original, byte[] other)
    {
        var input = original;
        for (var changes = 1 + random.Next(1, 4) * random.Next(2); changes > 0; changes--)
            input = Once(input, other);
        return input.Length > Longest ? input[..Longest] : input;
    }

    private byte[] Once(byte[] input, byte[] other)
    {
        if (input.Length == 0) return Words();
        var at = random.Next(input.Length);
        var length = Math.Min(random.Next(3) > 0 ? random.Next(1, 17) : random.Next(1, input.Length + 1),
            input.Length - at);
        switch (random.Next(11))
        {
            case 0:
                return With(input, at, [(byte)(input[at] ^ 1 << random.Next(8))]);
            case 1:
                return With(input, at, [(byte)random.Next(256)]);
            case 2:
                return input[..at];
            case 3:
                return [.. input[..at], .. input[(at + length)..]];
            case 4:
                return Repeat(input, at, length);
            case 5:
                return Number(input, at);
            case 6:
                // Whole files lie within each other, and their ends match.
                return [.. input[..at], .. other.AsSpan(random.Next(other.Length + 1))];
            case 7:
                var from = random.Next(other.Length + 1);
                return [.. input[..at], .. other.AsSpan(from, Math.Min(length, other.Length - from)), .. input[at..]];
            case 8:
                return [.. input[..at], .. Words(), .. input[at..]];
            case 9:
                return [.. input[..at], .. Words(), .. input[Math.Min(input.Length, at + length)..]];
            default:
                return Digits(input, at);
        }
    }

    private byte[] Words()
    {
        var all = words.Count > 0 && random.Next(2) == 0 ? words : Texts;
        return Encoding.UTF8.GetBytes(all[random.Next(all.Count)]);
    }

    /// <summary>Repeats a piece, sometimes until the input is large: some work grows faster than its input.</summary>
    private byte[] Repeat(byte[] input, int at, int length)
    {
        var most = (Longest - input.Length) / length;
        var count = random.Next(8) > 0 ? random.Next(1, 4) : random.Next(1, Math.Max(2, most));
        var repeated = new byte[input.Length + count * length];
        input.AsSpan(0, at).CopyTo(repeated);
        for (var i = 0; i < count; i++) input.AsSpan(at, length).CopyTo(repeated.AsSpan(at + i * length));
        input.AsSpan(at).CopyTo(repeated.AsSpan(at + count * length));
        return repeated;
    }

    /// <summary>Writes a number at its limits, or near the input's length, in either order of bytes.</summary>
    private byte[] Number(byte[] input, int at)
    {
        var number = random.Next(3) > 0 ? Numbers[random.Next(Numbers.Length)] : input.Length + random.Next(-16, 17);
        var bytes = new byte[8];
        var size = 1 << random.Next(4);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        var written = bytes[..size];
        if (random.Next(2) == 0) Array.Reverse(written);
        return With(input, at, written[..Math.Min(size, input.Length - at)]);
    }

    /// <summary>Puts another number in the place of one in digits, at or behind a place.</summary>
    private byte[] Digits(byte[] input, int at)
    {
        var from = input.AsSpan(at).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (from < 0) return Number(input, at);
        from += at;
        var rest = input.AsSpan(from).IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        var number = random.Next(3) > 0 ? Numbers[random.Next(Numbers.Length)] : random.Next(1, 2000);
        return [.. input[..from], .. Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
            .. rest < 0 ? [] : input[(from + rest)..]];
    }

    private static byte[] With(byte[] input, int at, byte[] bytes)
    {
        byte[] changed = [.. input];
        bytes.CopyTo(changed, at);
        return changed;
    }
}
