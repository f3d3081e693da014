using System.Buffers;

namespace RemoveBg.Core.Process.Fetch;

/// <summary>A downloaded file in a rented buffer, which grows as bytes arrive: Content-Length is not trusted.</summary>
public sealed class FetchedImage : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, Length);

    public static FetchedImage From(ReadOnlyMemory<byte> bytes)
    {
        var image = new FetchedImage();
        while (image.Free.Length < bytes.Length) image.Grow();
        bytes.CopyTo(image.Free);
        image.Advance(bytes.Length);
        return image;
    }

    /// <summary>Free part of the buffer, for the next bytes; never empty.</summary>
    internal Memory<byte> Free
    {
        get
        {
            if (Length == _buffer.Length) Grow();
            return _buffer.AsMemory(Length);
        }
    }

    internal void Advance(int count) => Length += count;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        Bytes.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
