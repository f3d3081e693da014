using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RemoveBg.Core.Imaging;

/// <summary>A plane of four floats per sample (R, G, B and another), row by row, outside the managed heap.</summary>
/// <remarks>Not cleared when rented. Disposing returns it to its <see cref="FloatPlanes"/> for the next step.</remarks>
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

    /// <param name="i">Sample index from 0 to <see cref="Count"/> - 1; not checked.</param>
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
