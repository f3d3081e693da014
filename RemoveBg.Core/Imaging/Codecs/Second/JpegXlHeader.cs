using System.Buffers.Binary;

namespace RemoveBg.Core.Imaging.Codecs.Second;

/// <summary>Reads the size of a JPEG XL image: SizeHeader of the codestream (ISO/IEC 18181-1), which may lie in boxes
/// (18181-2).</summary>
internal ref struct JpegXlHeader
{
    /// <summary>Bytes of the signature and the longest SizeHeader, which has 68 bits.</summary>
    private const int Longest = 2 + 9;

    private readonly ReadOnlySpan<byte> _bits;
    private int _at;

    private JpegXlHeader(ReadOnlySpan<byte> bits) => _bits = bits;

    /// <summary>Reads the header of a JPEG XL file.</summary>
    public static ImageHeader? Read(ReadOnlySpan<byte> file)
    {
        Span<byte> joined = stackalloc byte[Longest];
        var stream = file.StartsWith<byte>([0xFF, 0x0A]) ? file : joined[..Join(file, joined)];
        return stream.StartsWith<byte>([0xFF, 0x0A]) ? new JpegXlHeader(stream[2..]).Run() : null;
    }

    /// <summary>Copies the beginning of the codestream, which lies in one box (jxlc) or in parts that may end anywhere
    /// (jxlp).</summary>
    /// <returns>Bytes found.</returns>
    private static int Join(ReadOnlySpan<byte> file, Span<byte> stream)
    {
        var found = 0;
        for (var rest = file; rest.Length >= 8 && found < stream.Length;)
        {
            long size = BinaryPrimitives.ReadUInt32BigEndian(rest);
            var header = 8;
            if (size == 1 && rest.Length >= 16)
            {
                size = (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(rest[8..]), long.MaxValue);
                header = 16;
            }
            else if (size == 0) size = rest.Length;
            if (size < header) break;
            // A box may be incomplete where only the beginning of the file is read.
            var box = rest[..(int)Math.Min(size, rest.Length)];
            var isPart = box[4..8].SequenceEqual("jxlp"u8);
            if (isPart || box[4..8].SequenceEqual("jxlc"u8))
            {
                // A part's number comes first.
                var content = box[Math.Min(isPart ? header + 4 : header, box.Length)..];
                content = content[..Math.Min(content.Length, stream.Length - found)];
                content.CopyTo(stream[found..]);
                found += content.Length;
            }
            rest = rest[box.Length..];
        }
        return found;
    }

    private ImageHeader? Run()
    {
        var isSmall = Next(1) == 1;
        long height = isSmall ? (Next(5) + 1) * 8 : Size();
        var ratio = Next(3);
        long width = ratio switch
        {
            0 => isSmall ? (Next(5) + 1) * 8 : Size(),
            1 => height,
            2 => height * 12 / 10,
            3 => height * 4 / 3,
            4 => height * 3 / 2,
            5 => height * 16 / 9,
            6 => height * 5 / 4,
            _ => height * 2,
        };
        return _at > _bits.Length * 8 ? null : new(SecondFormat.JpegXl, width, height);
    }

    private long Size() => 1 + (long)Next(Next(2) switch { 0 => 9, 1 => 13, 2 => 18, _ => 30 });

    /// <summary>Takes bits, the lowest of each byte first; zeros after the end.</summary>
    private uint Next(int count)
    {
        uint value = 0;
        for (var i = 0; i < count; i++, _at++)
            if (_at / 8 < _bits.Length && (_bits[_at / 8] >> (_at % 8) & 1) != 0) value |= 1u << i;
        return value;
    }
}
