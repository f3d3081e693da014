using System.Runtime.InteropServices;

namespace RemoveBg.Core.Imaging;

/// <summary>A quarter of a <see cref="FloatPlane"/>'s memory as a plane of one number a sample:
/// four of them fit. Not cleared.</summary>
internal readonly record struct PlaneChannel(FloatPlane Plane, int Channel)
{
    public Span<float> Span => MemoryMarshal.Cast<System.Runtime.Intrinsics.Vector128<float>, float>(Plane.AsSpan())
        .Slice(Channel * Plane.Count, Plane.Count);
}
