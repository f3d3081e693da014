namespace RemoveBg.Core.Process.Fetch;

/// <summary>A download that stays in memory as a whole, for programs without storage. The fetcher's limit on bytes
/// bounds it.</summary>
public sealed class DownloadedBytes : IFetchTarget
{
    private const int First = 64 * 1024;

    private byte[] _bytes = new byte[First];

    /// <inheritdoc />
    public int Length { get; private set; }

    /// <inheritdoc />
    public Memory<byte> Free
    {
        get
        {
            if (Length == _bytes.Length) Array.Resize(ref _bytes, 2 * _bytes.Length);
            return _bytes.AsMemory(Length);
        }
    }

    /// <summary>The bytes so far.</summary>
    public ReadOnlyMemory<byte> Content => _bytes.AsMemory(0, Length);

    /// <inheritdoc />
    public Task AdvanceAsync(int count)
    {
        Length += count;
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task CompleteAsync() => Task.CompletedTask;
}
