namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>A canonical prefix code (Huffman 1952) with words of at most 15 bits (RFC 9649, section 3.7.2).</summary>
internal sealed class PrefixCode
{
    private const int LongestWord = 15;

    private readonly int[] _lengths;
    private readonly uint[] _words;

    /// <summary>The symbol of a code that has only one, whose word takes no bits; else null.</summary>
    private readonly int? _only;

    /// <param name="counts">Frequency of each symbol; at least one must not be zero.</param>
    public PrefixCode(ReadOnlySpan<long> counts)
    {
        _lengths = Lengths(counts);
        _words = Words(_lengths);
        if (_lengths.Count(length => length > 0) == 1
            && Array.FindIndex(_lengths, length => length > 0) is var only and < 256)
        {
            _only = only;
            _lengths[only] = 0;
        }
    }

    /// <summary>Writes the code itself, which the decoder needs.</summary>
    public void WriteTo(BitWriter bits)
    {
        if (_only is { } only)
        {
            WriteSingle(bits, only);
            return;
        }
        bits.Write(0, 1);
        // Write each length as 4 plain bits: the code for the lengths gives all 16 of them 4 bits, and leaves 16 to 18
        // (repeats) unused. A cleverer table would save 100 bytes.
        bits.Write(19 - 4, 4);
        for (var i = 0; i < 19; i++) bits.Write(i is 0 or 1 or 8 ? 0u : 4u, 3);
        bits.Write(0, 1);
        foreach (var length in _lengths) bits.Write(Reversed((uint)length, 4), 4);
    }

    /// <summary>Writes a code of one symbol, whose word takes no bits.</summary>
    public static void WriteSingle(BitWriter bits, int symbol)
    {
        bits.Write(1, 1);
        bits.Write(0, 1);
        bits.Write(1, 1);
        bits.Write((uint)symbol, 8);
    }

    public void Write(BitWriter bits, int symbol) => bits.Write(_words[symbol], _lengths[symbol]);

    private static int[] Lengths(ReadOnlySpan<long> counts)
    {
        // If a word gets too long, raise the counts of the rarest symbols and try again.
        for (var least = 1L; ; least *= 2)
        {
            var lengths = new int[counts.Length];
            var trees = new PriorityQueue<int[], (long Count, int Order)>();
            var order = 0;
            for (var symbol = 0; symbol < counts.Length; symbol++)
                if (counts[symbol] > 0) trees.Enqueue([symbol], (Math.Max(least, counts[symbol]), order++));
            if (trees.Count == 1) lengths[trees.Peek()[0]] = 1;
            while (trees.Count > 1)
            {
                trees.TryDequeue(out var left, out var rarest);
                trees.TryDequeue(out var right, out var next);
                int[] both = [.. left!, .. right!];
                foreach (var symbol in both) lengths[symbol]++;
                trees.Enqueue(both, (rarest.Count + next.Count, order++));
            }
            if (lengths.Max() <= LongestWord) return lengths;
        }
    }

    private static uint[] Words(int[] lengths)
    {
        var words = new uint[lengths.Length];
        var next = 0u;
        for (var length = 1; length <= LongestWord; length++, next <<= 1)
            for (var symbol = 0; symbol < lengths.Length; symbol++)
                if (lengths[symbol] == length) words[symbol] = Reversed(next++, length);
        return words;
    }

    /// <summary>Reverses a word: its highest bit comes first, but the stream starts with the lowest.</summary>
    private static uint Reversed(uint word, int length)
    {
        var reversed = 0u;
        for (; length > 0; length--, word >>= 1) reversed = (reversed << 1) | (word & 1);
        return reversed;
    }
}
