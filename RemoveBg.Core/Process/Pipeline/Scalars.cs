using System.Runtime.InteropServices;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>A quarter of a <see cref="ColourPlane"/>'s memory as a plane of one number a sample: four of them fit. Not cleared.</summary>
internal readonly record struct Scalars(ColourPlane Plane, int Quarter)
{
    public Span<float> Span => MemoryMarshal.Cast<System.Runtime.Intrinsics.Vector128<float>, float>(Plane.AsSpan()).Slice(Quarter * Plane.Count, Plane.Count);
}
