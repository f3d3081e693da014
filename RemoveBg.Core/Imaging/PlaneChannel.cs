using System.Runtime.InteropServices;

namespace RemoveBg.Core.Imaging;

/// <summary>A quarter of a <see cref="FloatPlane"/>'s memory, used as a plane of one float per sample. Not
/// cleared.</summary>
/// <param name="Channel">Index of the quarter, from 0 to 3.</param>
internal readonly record struct PlaneChannel(FloatPlane Plane, int Channel)
{
    public Span<float> Span => MemoryMarshal.Cast<System.Runtime.Intrinsics.Vector128<float>, float>(Plane.AsSpan())
        .Slice(Channel * Plane.Count, Plane.Count);
}
