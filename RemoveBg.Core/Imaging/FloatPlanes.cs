namespace RemoveBg.Core.Imaging;

/// <summary>A pool of planes of one size for the steps of one job. Not thread-safe.</summary>
/// <remarks>The planes are freed with the job. A shared array pool would hold on to 60 MB while the next job's network
/// needs the memory.</remarks>
internal sealed class FloatPlanes(int width, int height) : IDisposable
{
    private readonly Stack<FloatPlane> _free = [];

    public int Width { get; } = width;

    public int Height { get; } = height;

    public FloatPlane Rent() => _free.TryPop(out var plane) ? plane : new(this);

    public void Return(FloatPlane plane) => _free.Push(plane);

    /// <summary>Frees the planes that have been returned.</summary>
    public void Dispose()
    {
        while (_free.TryPop(out var plane)) plane.Free();
    }
}
