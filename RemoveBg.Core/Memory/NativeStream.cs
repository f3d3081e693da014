namespace RemoveBg.Core.Memory;

/// <summary>A stream in memory that grows by pieces outside the managed heap. MemoryStream copies all that it has each
/// time that it doubles, and leaves the smaller array to the garbage collector.</summary>
internal sealed class NativeStream : Stream
{
    private const int Piece = 1024 * 1024;

    private readonly List<NativeBuffer> _pieces = [];
    private long _length;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        var read = 0;
        while (read < buffer.Length && Position < _length)
        {
            var part = Rest();
            if (part.Length > _length - Position) part = part[..(int)(_length - Position)];
            if (part.Length > buffer.Length - read) part = part[..(buffer.Length - read)];
            part.CopyTo(buffer[read..]);
            read += part.Length;
            Position += part.Length;
        }
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            while (Position >= (long)_pieces.Count * Piece) _pieces.Add(new(Piece));
            var part = Rest();
            if (part.Length > buffer.Length) part = part[..buffer.Length];
            buffer[..part.Length].CopyTo(part);
            buffer = buffer[part.Length..];
            Position += part.Length;
            _length = Math.Max(_length, Position);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => _length,
    };

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var piece in _pieces) ((IDisposable)piece).Dispose();
        _pieces.Clear();
        _length = Position = 0;
        base.Dispose(disposing);
    }

    /// <returns>From the position to the end of its piece.</returns>
    private Span<byte> Rest() => _pieces[(int)(Position / Piece)].GetSpan()[(int)(Position % Piece)..];
}
