namespace RemoveBg.Core.Memory;

/// <summary>Booked memory of one request's body; dispose to give it back.</summary>
public sealed class BodyMemory : IDisposable
{
    private readonly MemoryBudget _budget;
    private readonly NativeBuffer _buffer;
    private readonly CancellationTokenSource _giveWay = new();
    private readonly string _key;
    private int _booked;

    internal BodyMemory(MemoryBudget budget, string key, int length, long since)
    {
        (_budget, _key, _booked, Length, Since) = (budget, key, length, length, since);
        _buffer = new(length);
    }

    /// <summary>The body; until it has arrived, the room for it.</summary>
    public Memory<byte> Bytes => _buffer.Memory[..Length];

    /// <summary>Number of <see cref="Bytes"/>.</summary>
    public int Length { get; private set; }

    /// <summary>Cancelled when the body has to give way to others, before it has arrived.</summary>
    public CancellationToken GaveWay => _giveWay.Token;

    /// <summary>Timestamp of the booking.</summary>
    internal long Since { get; }

    /// <summary>Opens the body as a seekable stream.</summary>
    public unsafe Stream OpenRead() =>
        new UnmanagedMemoryStream((byte*)_buffer.Pin().Pointer, Length);

    /// <summary>Ends the receiving: the rest of the room is given back, and the body gives way no more.</summary>
    /// <param name="length">Bytes that have arrived.</param>
    public void Arrived(int length)
    {
        _budget.HasArrived(this);
        _budget.Release(_key, _booked - length);
        (_booked, Length) = (length, length);
    }

    public void Dispose()
    {
        if (_booked < 0) return;
        _budget.HasArrived(this);
        ((IDisposable)_buffer).Dispose();
        _budget.Release(_key, _booked);
        _booked = -1;
    }

    internal void GiveWay() => _giveWay.Cancel();
}
