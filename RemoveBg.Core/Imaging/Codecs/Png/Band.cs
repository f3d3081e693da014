using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics.Tensors;

namespace RemoveBg.Core.Imaging.Codecs.Png;

/// <summary>Returns the bytes of a row.</summary>
/// <param name="scratch">Buffer for the bytes, if they are not in memory already.</param>
internal delegate ReadOnlySpan<byte> GetRow(int y, Span<byte> scratch);

/// <summary>Compresses a band of rows to a piece of a zlib stream. Reusable for other rows.</summary>
internal sealed class Band : IDisposable
{
    /// <summary>PNG filter that subtracts the row above. Together with the bands it is 5 to 11 times as fast as
    /// libpng's choice of a filter per row, for at most 7 % more bytes (<c>./bench encode</c>;
    /// docs/measurements.md).</summary>
    private const byte Up = 2;

    /// <summary>Bytes before and after the data of a zlib stream (RFC 1950, section 2.2).</summary>
    private const int Head = 2, Tail = 4;

    private readonly ZLibCompressionOptions _compression;
    private readonly byte[] _buffer, _filtered, _above, _row;
    private readonly MemoryStream _file;
    private int _start, _end;

    /// <param name="stride">Bytes per row.</param>
    /// <param name="rows">Most rows of a band.</param>
    public Band(int stride, int rows, ZLibCompressionOptions compression)
    {
        _compression = compression;
        (_filtered, _above, _row) = (new byte[1 + stride], new byte[stride], new byte[stride]);
        // Incompressible data grows by at most an eighth (zlib's fastest level writes 9 bits per byte).
        _buffer = ArrayPool<byte>.Shared.Rent(_filtered.Length * rows / 8 * 9 + 4096);
        _file = new(_buffer, 0, _buffer.Length, writable: true, publiclyVisible: true);
    }

    /// <summary>The compressed piece, in whole bytes. Includes the stream's header for the first rows, and its final
    /// block for the last.</summary>
    public ReadOnlySpan<byte> Content => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Length before compression, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Checksum of the bytes before compression.</summary>
    public Adler32 Sum { get; private set; }

    public void Compress(GetRow getRow, int from, int to, int height)
    {
        _file.SetLength(0);
        using (var zlib = new ZLibStream(_file, _compression, leaveOpen: true))
        {
            var above = from == 0 ? new byte[_above.Length] : getRow(from - 1, _above);
            for (var y = from; y < to; y++)
            {
                var row = getRow(y, (y - from) % 2 == 0 ? _row : _above);
                _filtered[0] = Up;
                TensorPrimitives.Subtract(row, above, _filtered.AsSpan(1));
                zlib.Write(_filtered);
                above = row;
            }
            // The stream continues: an empty block fills the last byte, so that the next piece can follow.
            zlib.Flush();
            _end = (int)_file.Length;
        }
        // The stream is complete now and ends with its checksum.
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
