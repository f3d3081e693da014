using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>How many artworks are in the pipeline at once, and their tensors: the pool's size is the limit on memory. A
/// place is what an artwork takes with the configured network; with one that needs more it takes several.</summary>
public sealed class PipelineSlots(IOptions<PipelineOptions> options, ModelCache model, ModelCatalog catalog,
    ILogger<PipelineSlots> log) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<Segmenter, ConcurrentBag<Tensors>> _tensors = new();

    /// <summary>There is one as soon as it is known what the configured network takes.</summary>
    private FairGate? _gate;

    /// <summary>Artworks that wait for a slot.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock) return _gate?.Waiting ?? 0;
        }
    }

    /// <param name="key">Whose artwork it is: keys that wait are served in turn.</param>
    /// <param name="network">By name, one of <see cref="ModelCatalog.Offered"/>; null takes the configured one.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<Slot> TakeAsync(string key, string? network, CancellationToken cancellationToken)
    {
        var configured = await model.GetAsync(cancellationToken);
        var segmenter = network is null ? configured : await model.GetAsync(network, cancellationToken);
        var gate = GateFor(configured);
        var places = PlacesOf(segmenter.MemoryMB, configured.MemoryMB, gate.Places);
        await gate.EnterAsync(key, cancellationToken, places);
        return new(this, segmenter, Pool(segmenter).TryTake(out var tensors) ? tensors : segmenter.CreateTensors(),
            () => gate.Leave(places));
    }

    public void Dispose()
    {
        foreach (var tensors in _tensors.Values.SelectMany(pool => pool)) tensors.Dispose();
    }

    /// <summary>As many as were asked for, or one per core, but no more than fit into
    /// memory; one always does.</summary>
    /// <param name="networkMB">See <see cref="Segmenter.MemoryMB"/>.</param>
    /// <param name="othersMB">Of the files of other networks that requests may name.</param>
    internal static int Count(PipelineOptions options, long networkMB, long othersMB)
    {
        var fit = ForArtworksMB(options, othersMB) / ArtworkMB(networkMB);
        return (int)Math.Clamp(options.Concurrency > 0 ? options.Concurrency : Environment.ProcessorCount, 1,
            Math.Max(1, fit));
    }

    /// <summary>What an artwork takes of all places with a network that needs more than the
    /// configured one, or less.</summary>
    internal static int PlacesOf(long networkMB, long configuredMB, int places) =>
        (int)Math.Min(places, (ArtworkMB(networkMB) + ArtworkMB(configuredMB) - 1) / ArtworkMB(configuredMB));

    /// <summary>What of the budget is left beside the process itself and other networks' weights;
    /// negative when they take it all.</summary>
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
            log.LogInformation("The pipeline takes {Places} artworks at once, up to {Megabytes} MB each", count, takes);
            if (takes > has) log.LogWarning("The memory budget leaves {Has} MB for artworks, and one of 50 megapixels "
                + "takes up to {Megabytes}: it is let in, alone. " +
                "Raise RemoveBg:Process:MemoryBudgetMB, lower RemoveBg:Image:MaxPixels or configure a smaller network",
                    has, takes);
            return _gate = new(count);
        }
    }

    private ConcurrentBag<Tensors> Pool(Segmenter segmenter) => _tensors.GetOrAdd(segmenter, _ => []);

    /// <summary>The right to run one artwork through the pipeline; dispose it to let the next one in.</summary>
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
