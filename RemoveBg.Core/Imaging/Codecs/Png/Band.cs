using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics.Tensors;

namespace RemoveBg.Core.Imaging.Codecs.Png;

/// <returns>A row's bytes; there is room for them where they do not lie somewhere already.</returns>
internal delegate ReadOnlySpan<byte> RowOf(int y, Span<byte> room);

/// <summary>Some rows of a picture as a piece of a zlib stream. Used again for other rows.</summary>
internal sealed class Band : IDisposable
{
    /// <summary>Every row by the one above it: with the bands 5 to 11 times as fast as libpng's choice of a filter for
    /// each row, for 7 % more bytes at the most (<c>./bench encode</c>; docs/measurements.md).</summary>
    private const byte Up = 2;

    /// <summary>Bytes before and behind what a zlib stream holds (RFC 1950, section 2.2).</summary>
    private const int Head = 2, Tail = 4;

    private readonly ZLibCompressionOptions _compression;
    private readonly byte[] _buffer, _filtered, _above, _row;
    private readonly MemoryStream _file;
    private int _start, _end;

    /// <param name="stride">Bytes a row.</param>
    /// <param name="rows">At most.</param>
    public Band(int stride, int rows, ZLibCompressionOptions compression)
    {
        _compression = compression;
        (_filtered, _above, _row) = (new byte[1 + stride], new byte[stride], new byte[stride]);
        // What cannot be compressed grows: at the most by an eighth (a word of 9 bits for
        // each byte, zlib's quickest way).
        _buffer = ArrayPool<byte>.Shared.Rent(_filtered.Length * rows / 8 * 9 + 4096);
        _file = new(_buffer, 0, _buffer.Length, writable: true, publiclyVisible: true);
    }

    /// <summary>The piece: with the stream's head if the rows are the first, on a byte's border,
    /// and ended if they are the last.</summary>
    public ReadOnlySpan<byte> Content => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Bytes before compression.</summary>
    public long Length { get; private set; }

    /// <summary>Of these bytes.</summary>
    public Adler32 Sum { get; private set; }

    public void Compress(RowOf rowOf, int from, int to, int height)
    {
        _file.SetLength(0);
        using (var zlib = new ZLibStream(_file, _compression, leaveOpen: true))
        {
            var above = from == 0 ? new byte[_above.Length] : rowOf(from - 1, _above);
            for (var y = from; y < to; y++)
            {
                var row = rowOf(y, (y - from) % 2 == 0 ? _row : _above);
                _filtered[0] = Up;
                TensorPrimitives.Subtract(row, above, _filtered.AsSpan(1));
                zlib.Write(_filtered);
                above = row;
            }
            // Not ended yet: an empty block fills the last byte, so that the next piece can follow.
            zlib.Flush();
            _end = (int)_file.Length;
        }
        // Ended now, and its checksum stands at the end.
        if (to == height) _end = (int)_file.Length - Tail;
        _start = from == 0 ? 0 : Head;
        Length = (long)(to - from) * _filtered.Length;
        Sum = new(BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan((int)_file.Length - Tail)));
    }

    public void Dispose()
    {
        _file.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }
}
