namespace RemoveBg.Core.Imaging;

/// <summary>The planes of one size that the steps of one job need after each other. They go with the job:
/// kept in a pool of arrays, they would lie there (60 MB) while the next job's network needs the memory.
/// Not for several threads at once.</summary>
internal sealed class FloatPlanes(int width, int height) : IDisposable
{
    private readonly Stack<FloatPlane> _free = [];

    public int Width { get; } = width;

    public int Height { get; } = height;

    public FloatPlane Rent() => _free.TryPop(out var plane) ? plane : new(this);

    public void Return(FloatPlane plane) => _free.Push(plane);

    /// <summary>Frees what has been returned.</summary>
    public void Dispose()
    {
        while (_free.TryPop(out var plane)) plane.Free();
    }
}
