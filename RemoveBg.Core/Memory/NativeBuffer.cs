using System.Buffers;
using System.Runtime.InteropServices;

namespace RemoveBg.Core.Memory;

/// <summary>A buffer outside the managed heap.</summary>
/// <remarks>Its pages count as soon as they are written, not before, and are returned when it is disposed. A managed
/// array of this size would stay until a full garbage collection. Memory that is pinned, by a read that has not ended
/// for instance, is freed when it is unpinned.</remarks>
internal sealed unsafe class NativeBuffer(int length) : MemoryManager<byte>
{
    private void* _memory = NativeMemory.Alloc((nuint)Math.Max(1, length));

    /// <summary>The owner, and each pin.</summary>
    private int _users = 1;

    private int _isDisposed;

    internal bool IsFreed => _memory is null;

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_isDisposed == 1, this);
        return new(_memory, length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(!TryAddUser(), this);
        return new((byte*)_memory + elementIndex, pinnable: this);
    }

    public override void Unpin() => RemoveUser();

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0) RemoveUser();
    }

    private bool TryAddUser()
    {
        int users;
        do
        {
            users = _users;
            if (users == 0 || _isDisposed == 1) return false;
        }
        while (Interlocked.CompareExchange(ref _users, users + 1, users) != users);
        return true;
    }

    private void RemoveUser()
    {
        if (Interlocked.Decrement(ref _users) > 0) return;
        NativeMemory.Free(_memory);
        _memory = null;
    }
}
