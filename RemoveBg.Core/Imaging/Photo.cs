using System.Runtime.InteropServices;

namespace RemoveBg.Core.Imaging;

/// <summary>A decoded image: sRGB, RGBA with 8 bits per channel, straight alpha, rows without padding.</summary>
/// <remarks>Stored outside the managed heap, because 50 megapixels take 200 MB.</remarks>
public sealed unsafe class Photo : IDisposable
{
    private void* _memory;

    /// <param name="isOpaque">True if every alpha is 255.</param>
    public Photo(int width, int height, bool isOpaque)
    {
        (Width, Height, IsOpaque) = (width, height, isOpaque);
        _memory = NativeMemory.AlignedAlloc((nuint)width * (nuint)height * 4, 64);
        GC.AddMemoryPressure((long)width * height * 4);
    }

    public int Width { get; }
    public int Height { get; }

    /// <summary>Whether every alpha is known to be 255.</summary>
    public bool IsOpaque { get; internal set; }

    public long PixelCount => (long)Width * Height;

    /// <summary>Pixels row by row, with R in the lowest byte and A in the highest.</summary>
    public uint* Pixels => (uint*)_memory;

    public Span<uint> Row(int y) => new(Pixels + (long)y * Width, Width);

    public void Dispose()
    {
        if (_memory is null) return;
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        GC.RemoveMemoryPressure(PixelCount * 4);
    }
}
