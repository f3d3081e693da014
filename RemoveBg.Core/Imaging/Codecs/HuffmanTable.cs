namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>The codes of a JPEG file's DHT segment (ITU-T T.81, C.2).</summary>
internal sealed class HuffmanTable
{
    /// <summary>Longest code, in bits.</summary>
    public const int Longest = 16;

    /// <summary>Length and symbol of the code that begins each value of 16 bits. A length of 0 is no
    /// code.</summary>
    private readonly ushort[] _codes = new ushort[1 << Longest];

    private HuffmanTable()
    {
    }

    /// <param name="table">Sixteen numbers of codes by length, and their symbols.</param>
    /// <param name="length">Length of the table in bytes.</param>
    /// <returns>Null if there are more codes than bits allow.</returns>
    public static HuffmanTable? Read(ReadOnlySpan<byte> table, out int length)
    {
        var result = new HuffmanTable();
        length = Longest;
        int code = 0, symbol = Longest;
        for (var bits = 1; bits <= Longest; bits++, code <<= 1)
            for (var i = 0; i < table[bits - 1]; i++, code++, symbol++)
            {
                if (code >= 1 << bits || symbol >= table.Length) return null;
                result._codes.AsSpan(code << (Longest - bits), 1 << (Longest - bits))
                    .Fill((ushort)(bits << 8 | table[symbol]));
            }
        length = symbol;
        return result;
    }

    /// <returns>Length of the code that the 16 bits begin with, 0 if none does, and its symbol.</returns>
    public (int Length, int Symbol) Find(int bits)
    {
        var code = _codes[bits];
        return (code >> 8, code & 0xFF);
    }
}
