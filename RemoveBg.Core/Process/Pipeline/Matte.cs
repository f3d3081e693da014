using System.Runtime.InteropServices;
using RemoveBg.Core.Process.Model;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>The network's alpha at the photo's size, one byte a pixel.</summary>
internal sealed unsafe class Matte : IDisposable
{
    private void* _memory;

    private Matte(int width, int height)
    {
        (Width, Height) = (width, height);
        _memory = NativeMemory.AlignedAlloc((nuint)width * (nuint)height, 64);
    }

    public int Width { get; }
    public int Height { get; }
    public byte* Alpha => (byte*)_memory;

    public ReadOnlySpan<byte> Row(int y) => new(Alpha + (long)y * Width, Width);

    /// <summary>Soft edges stay soft: no threshold, no stretch.</summary>
    public static Matte Run(Tensors tensors, int width, int height)
    {
        var matte = new Matte(width, height);
        Resample.Plane(tensors.Output, tensors.Size, tensors.Size, matte.Alpha, width, height);
        return matte;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
