namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>A canonical prefix code (Huffman 1952), its words at most 15 bits long, as RFC
/// 9649, section 3.7.2, writes them.</summary>
internal sealed class PrefixCode
{
    private const int LongestWord = 15;

    private readonly int[] _lengths;
    private readonly uint[] _words;

    /// <summary>The one symbol of a code that has no other; its word needs no bits.</summary>
    private readonly int? _only;

    /// <param name="counts">How often each symbol comes; at least one does.</param>
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

    /// <summary>The code itself, for the reader.</summary>
    public void WriteTo(BitWriter bits)
    {
        if (_only is { } only)
        {
            WriteSingle(bits, only);
            return;
        }
        bits.Write(0, 1);
        // Each length as 4 bits, plain: the code for the lengths says that all 16 of them are equally long, and 16 to
        // 18 (repeats) are unused. A cleverer table would save 100 bytes.
        bits.Write(19 - 4, 4);
        for (var i = 0; i < 19; i++) bits.Write(i is 0 or 1 or 8 ? 0u : 4u, 3);
        bits.Write(0, 1);
        foreach (var length in _lengths) bits.Write(Reversed((uint)length, 4), 4);
    }

    /// <summary>A code of one symbol, whose word needs no bits.</summary>
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
        // Too long a word: count the rare symbols as if they were not so rare, and try again.
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

    /// <summary>A word's first bit is its highest, and the stream's first bit the lowest.</summary>
    private static uint Reversed(uint word, int length)
    {
        var reversed = 0u;
        for (; length > 0; length--, word >>= 1) reversed = (reversed << 1) | (word & 1);
        return reversed;
    }
}
