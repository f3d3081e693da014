using Microsoft.Extensions.Options;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Memory;

/// <summary>The memory of the process, divided among everything whose size a caller chooses: request bodies,
/// downloads and artworks in the pipeline. Each books its bytes here before it takes them.</summary>
/// <remarks>The parts are fixed, so that nothing that holds memory of one part and waits for another can block for
/// good. Within each part keys are served round-robin.</remarks>
public sealed class MemoryBudget
{
    /// <summary>Memory of the process without artworks and without the configured network, in megabytes.</summary>
    public const int BaseMB = 200;

    /// <summary>The part of <see cref="BaseMB"/> reserved for the weights of networks that requests may name, in
    /// megabytes.</summary>
    public const int NetworkFilesMB = 50;

    /// <summary>Largest body of any route, in bytes.</summary>
    public const int LargestBody = 36 * 1024 * 1024;

    /// <summary>Memory of all bodies that are received or not yet stored, in bytes: two of the largest.</summary>
    internal const int BodyBytes = 2 * KeyBodyBytes;

    /// <summary>Memory of one key's bodies, in bytes.</summary>
    internal const int KeyBodyBytes = LargestBody + 1;

    /// <summary>Bytes of a download that stay in memory; the rest goes to storage.</summary>
    internal const int DownloadBytes = 1024 * 1024;

    /// <summary>Downloads at once: a photo and a background for each of the 16 messages that an instance
    /// takes.</summary>
    internal const int Downloads = 32;

    /// <summary>Default memory of the pipeline per core, in megabytes.</summary>
    private const int CoreMB = 260;

    private const int BodiesMB = (BodyBytes + 999_999) / 1_000_000;
    private const int DownloadsMB = (Downloads * DownloadBytes + 999_999) / 1_000_000;

    /// <summary>Longest wait of a body for memory.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Wait of a body after which another one gives way to it, and age that such a one has at least.</summary>
    internal static readonly TimeSpan Pressure = TimeSpan.FromSeconds(1), GiveWayAge = TimeSpan.FromSeconds(3);

    private readonly FairGate _bodies = new(BodyBytes, KeyBodyBytes), _downloads = new(Downloads);
    private readonly HashSet<BodyMemory> _arriving = [];
    private readonly MemoryOptions _options;
    private readonly TimeProvider _clock;

    static MemoryBudget() => NativeHeap.ReturnLargeBlocks();

    public MemoryBudget(IOptions<MemoryOptions> options, TimeProvider clock) =>
        (_options, _clock) = (options.Value, clock);

    /// <summary>Number of bodies that wait for memory.</summary>
    internal int WaitingBodies => _bodies.Waiting;

    /// <summary>Returns the pipeline's part in megabytes: what bodies, downloads, networks and the process itself
    /// leave; negative if those exceed the budget.</summary>
    /// <param name="networkMB">Memory of the configured network.</param>
    /// <param name="othersMB">Total file size of the other networks that requests may name.</param>
    internal long PipelineMB(long networkMB, long othersMB)
    {
        var rest = BaseMB + networkMB + Math.Max(0, othersMB - NetworkFilesMB) + BodiesMB + DownloadsMB;
        if (_options.MemoryBudgetMB > 0) return _options.MemoryBudgetMB - rest;
        return Math.Min(CoreMB * Math.Max(2, Environment.ProcessorCount),
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1_000_000 - rest);
    }

    /// <summary>Waits for the memory of a request's body.</summary>
    /// <param name="key">The caller's API key.</param>
    /// <param name="bytes">Length of the body, or the most that it may have; at most <see cref="LargestBody"/> +
    /// 1.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ApiException">429: none became free in time.</exception>
    public async Task<BodyMemory> BookBodyAsync(string key, int bytes, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var entering = _bodies.EnterAsync(key, either.Token, bytes);
        try
        {
            while (true)
            {
                try
                {
                    await entering.WaitAsync(Pressure, _clock, CancellationToken.None);
                    break;
                }
                catch (TimeoutException)
                {
                    if (_bodies.HeldBy(key) + bytes <= _bodies.Share) MakeOneGiveWay();
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Full("The service is receiving as much as its memory holds.");
        }
        var memory = new BodyMemory(this, key, bytes, _clock.GetTimestamp());
        lock (_arriving) _arriving.Add(memory);
        return memory;
    }

    /// <summary>Waits until an artwork may hold the beginning of its files.</summary>
    /// <param name="key">The artwork's API key.</param>
    /// <param name="files">Number of files, 1 or 2.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    internal async Task<IDisposable> BookDownloadsAsync(string key, int files, CancellationToken cancellationToken)
    {
        await _downloads.EnterAsync(key, cancellationToken, files);
        return new Place(() => _downloads.Leave(key, files));
    }

    /// <summary>The refusal of a request that finds no memory: 429 with Retry-After.</summary>
    /// <param name="why">A sentence for the caller.</param>
    public static ApiException Full(string why) =>
        new(429, $"{why} Try again.") { RetryAfter = TimeSpan.FromSeconds(10) };

    internal void HasArrived(BodyMemory memory)
    {
        lock (_arriving) _arriving.Remove(memory);
    }

    internal void Release(string key, int bytes) => _bodies.Leave(key, bytes);

    /// <summary>Cuts off the body that has taken most memory for longest, unless one is just being cut off, so that a
    /// body that does not arrive cannot keep others out.</summary>
    private void MakeOneGiveWay()
    {
        BodyMemory? most = null;
        lock (_arriving)
        {
            if (_arriving.Any(memory => memory.GaveWay.IsCancellationRequested)) return;
            most = _arriving.Where(memory => _clock.GetElapsedTime(memory.Since) >= GiveWayAge)
                .MaxBy(memory => memory.Length * _clock.GetElapsedTime(memory.Since).TotalSeconds);
        }
        most?.GiveWay();
    }

    private sealed class Place(Action leave) : IDisposable
    {
        private Action? _leave = leave;

        public void Dispose() => Interlocked.Exchange(ref _leave, null)?.Invoke();
    }
}
