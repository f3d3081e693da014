using System.Buffers;
using System.Runtime.InteropServices;

namespace RemoveBg.Core.Memory;

/// <summary>A buffer outside the managed heap.</summary>
/// <remarks>Its pages count as soon as they are written, not before, and are returned when it is disposed. A managed
/// array of this size would stay until a full garbage collection.</remarks>
internal sealed unsafe class NativeBuffer(int length) : MemoryManager<byte>
{
    private void* _memory = NativeMemory.Alloc((nuint)Math.Max(1, length));

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_memory is null, this);
        return new(_memory, length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_memory is null, this);
        return new((byte*)_memory + elementIndex);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        NativeMemory.Free(_memory);
        _memory = null;
    }
}
