using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Imaging;

/// <summary>A plane of R, G, B and a fourth number, row by row, not cleared, outside the managed heap. Belongs to its
/// <see cref="FloatPlanes"/>: disposed, it waits there for the next step.</summary>
internal sealed unsafe class FloatPlane : IDisposable
{
    private readonly FloatPlanes _owner;
    private Vector128<float>* _memory;

    public FloatPlane(FloatPlanes owner)
    {
        (_owner, Count) = (owner, owner.Width * owner.Height);
        _memory = (Vector128<float>*)NativeMemory.AlignedAlloc((nuint)Count * (nuint)sizeof(Vector128<float>), 64);
    }

    public int Count { get; }

    /// <param name="i">Not checked: from 0 to <see cref="Count"/> - 1.</param>
    public ref Vector128<float> this[int i] => ref _memory[i];

    public Span<Vector128<float>> AsSpan() => new(_memory, Count);

    public Span<Vector128<float>> AsSpan(int start, int length) => AsSpan().Slice(start, length);

    public void Dispose() => _owner.Return(this);

    public void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
