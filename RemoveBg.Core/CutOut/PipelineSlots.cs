using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>Limits how many artworks are in the pipeline at once, so that they fit into the memory budget, and pools
/// their tensors.</summary>
/// <remarks>The slots share the pipeline's part of the budget equally. An artwork with a large photo, background or
/// network takes several; one that exceeds them all takes all, and runs alone.</remarks>
public sealed class PipelineSlots(IOptions<PipelineOptions> options, IOptions<ImageOptions> limits,
    MemoryBudget budget, ModelCache model, ModelCatalog catalog, ILogger<PipelineSlots> log) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<Segmenter, ConcurrentBag<Tensors>> _tensors = new();

    /// <summary>Null until the configured network is loaded and its memory measured.</summary>
    private FairGate? _gate;
    private long _slotMB;

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
    /// <param name="size">Size of the artwork; by default the smallest.</param>
    public async Task<Slot> TakeAsync(string key, string? network, CancellationToken cancellationToken,
        CutOutSize size = default)
    {
        var configured = await model.GetAsync(cancellationToken);
        var segmenter = network is null ? configured : await model.GetAsync(network, cancellationToken);
        var gate = GateFor(configured);
        // More pixels than are allowed are refused before they take memory.
        var slots = SlotsFor(size with { Pixels = Math.Min(size.Pixels, limits.Value.MaxPixels),
            BackgroundPixels = Math.Min(size.BackgroundPixels, limits.Value.MaxPixels) },
            segmenter.MemoryMB, _slotMB, gate.Slots);
        await gate.EnterAsync(key, cancellationToken, slots);
        return new(this, segmenter, Pool(segmenter).TryTake(out var tensors) ? tensors : segmenter.CreateTensors(),
            () => gate.Leave(key, slots));
    }

    public void Dispose()
    {
        foreach (var tensors in _tensors.Values.SelectMany(pool => pool)) tensors.Dispose();
    }

    /// <summary>Returns the number of slots: the configured concurrency, or one per core, but no more than artworks
    /// with a small photo fit into memory, and at least one.</summary>
    /// <param name="pipelineMB">The pipeline's part of the budget, in megabytes.</param>
    /// <param name="networkMB">See <see cref="Segmenter.MemoryMB"/>.</param>
    internal static int Count(PipelineOptions options, long pipelineMB, long networkMB)
    {
        var fit = pipelineMB / Math.Max(1, new CutOutSize(1_000_000).PeakMB(networkMB));
        return (int)Math.Clamp(options.Concurrency > 0 ? options.Concurrency : Environment.ProcessorCount, 1,
            Math.Max(1, fit));
    }

    /// <summary>Returns the number of slots that an artwork takes.</summary>
    /// <param name="size">Size of the artwork.</param>
    /// <param name="networkMB">Memory of its network.</param>
    /// <param name="slotMB">Memory of one slot.</param>
    /// <param name="slots">Number of slots in all, which the result never exceeds.</param>
    internal static int SlotsFor(CutOutSize size, long networkMB, long slotMB, int slots) =>
        (int)Math.Clamp((size.PeakMB(networkMB) + slotMB - 1) / slotMB, 1, slots);

    private FairGate GateFor(Segmenter configured)
    {
        lock (_lock)
        {
            if (_gate is not null) return _gate;
            var has = budget.PipelineMB(configured.MemoryMB, catalog.BytesOfOthers(configured.Model.Entry) / 1_000_000);
            var takes = new CutOutSize(limits.Value.MaxPixels).PeakMB(networkMB: 0);
            var count = Count(options.Value, has, configured.MemoryMB);
            _slotMB = Math.Max(1, has / count);
            log.SlotsCounted(count, _slotMB);
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
