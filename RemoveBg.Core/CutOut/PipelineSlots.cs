using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>Limits how many artworks are in the pipeline at once, so that they fit into the memory budget, and pools
/// their tensors.</summary>
/// <remarks>One slot is the memory of an artwork with the configured network; an artwork with a larger network takes
/// several.</remarks>
public sealed class PipelineSlots(IOptions<PipelineOptions> options, ModelCache model, ModelCatalog catalog,
    ILogger<PipelineSlots> log) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<Segmenter, ConcurrentBag<Tensors>> _tensors = new();

    /// <summary>Null until the configured network is loaded and its memory measured.</summary>
    private FairGate? _gate;

    /// <summary>Number of artworks waiting for a slot.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock) return _gate?.Waiting ?? 0;
        }
    }

    /// <summary>Waits for the slots that an artwork needs.</summary>
    /// <param name="key">The artwork's API key; waiting keys are served round-robin.</param>
    /// <param name="network">A name from <see cref="ModelCatalog.Offered"/>; null for the configured network.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async Task<Slot> TakeAsync(string key, string? network, CancellationToken cancellationToken)
    {
        var configured = await model.GetAsync(cancellationToken);
        var segmenter = network is null ? configured : await model.GetAsync(network, cancellationToken);
        var gate = GateFor(configured);
        var slots = SlotsFor(segmenter.MemoryMB, configured.MemoryMB, gate.Slots);
        await gate.EnterAsync(key, cancellationToken, slots);
        return new(this, segmenter, Pool(segmenter).TryTake(out var tensors) ? tensors : segmenter.CreateTensors(),
            () => gate.Leave(slots));
    }

    public void Dispose()
    {
        foreach (var tensors in _tensors.Values.SelectMany(pool => pool)) tensors.Dispose();
    }

    /// <summary>Returns the number of slots: the configured concurrency, or one per core, but no more than fit into
    /// memory, and at least one.</summary>
    /// <param name="networkMB">See <see cref="Segmenter.MemoryMB"/>.</param>
    /// <param name="othersMB">Total file size of the other networks that requests may name, in megabytes.</param>
    internal static int Count(PipelineOptions options, long networkMB, long othersMB)
    {
        var fit = ForArtworksMB(options, othersMB) / ArtworkMB(networkMB);
        return (int)Math.Clamp(options.Concurrency > 0 ? options.Concurrency : Environment.ProcessorCount, 1,
            Math.Max(1, fit));
    }

    /// <summary>Returns the number of slots that an artwork takes with a network of another size than the configured
    /// one.</summary>
    /// <param name="slots">Number of slots in all, which the result never exceeds.</param>
    internal static int SlotsFor(long networkMB, long configuredMB, int slots) =>
        (int)Math.Min(slots, (ArtworkMB(networkMB) + ArtworkMB(configuredMB) - 1) / ArtworkMB(configuredMB));

    /// <summary>Returns the budget less the process itself and the other networks' weights, in megabytes; negative
    /// if those exceed it.</summary>
    private static long ForArtworksMB(PipelineOptions options, long othersMB)
    {
        var megabytes = options.MemoryBudgetMB > 0 ? options.MemoryBudgetMB
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1_000_000;
        return megabytes - PipelineOptions.BaseMB - Math.Max(0, othersMB - PipelineOptions.NetworkFilesMB);
    }

    private static long ArtworkMB(long networkMB) =>
        Math.Max(PipelineOptions.ArtworkMB, PipelineOptions.PhotoMB + networkMB);

    private FairGate GateFor(Segmenter configured)
    {
        lock (_lock)
        {
            if (_gate is not null) return _gate;
            var othersMB = catalog.BytesOfOthers(configured.Model.Entry) / 1_000_000;
            var (has, takes) = (ForArtworksMB(options.Value, othersMB), ArtworkMB(configured.MemoryMB));
            var count = Count(options.Value, configured.MemoryMB, othersMB);
            log.SlotsCounted(count, takes);
            if (takes > has) log.BudgetTooSmall(has, takes);
            return _gate = new(count);
        }
    }

    private ConcurrentBag<Tensors> Pool(Segmenter segmenter) => _tensors.GetOrAdd(segmenter, _ => []);

    /// <summary>The slots that one artwork holds; dispose to release them.</summary>
    public sealed class Slot(PipelineSlots owner, Segmenter segmenter, Tensors tensors, Action leave) : IDisposable
    {
        private bool _isDisposed;

        public Segmenter Segmenter { get; } = segmenter;

        public Tensors Tensors { get; } = tensors;

        public void Dispose()
        {
            if (_isDisposed) return;
            _isDisposed = true;
            owner.Pool(Segmenter).Add(Tensors);
            leave();
        }
    }
}
