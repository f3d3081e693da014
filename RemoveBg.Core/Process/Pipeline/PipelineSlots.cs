using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Process.Model;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>How many artworks are in the pipeline at once, and their tensors: the pool's size is the limit on memory.</summary>
public sealed class PipelineSlots(IOptions<ProcessOptions> options, LoadedModel model) : IDisposable
{
    private readonly FairGate _gate = new(Count(options.Value));
    private readonly ConcurrentDictionary<Segmenter, ConcurrentBag<Tensors>> _tensors = new();

    /// <param name="key">Whose artwork it is: keys that wait are served in turn.</param>
    /// <param name="network">By name, one of <see cref="ModelCatalog.Offered"/>; null takes the configured one.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task<Slot> Take(string key, string? network, CancellationToken cancel)
    {
        var segmenter = network is null ? await model.Get(cancel) : await model.Get(network, cancel);
        await _gate.Enter(key, cancel);
        return new(this, segmenter, Pool(segmenter).TryTake(out var tensors) ? tensors : segmenter.CreateTensors());
    }

    public void Dispose()
    {
        foreach (var tensors in _tensors.Values.SelectMany(pool => pool)) tensors.Dispose();
    }

    /// <summary>As many as were asked for, or one per core, but no more than fit into memory; one always does.</summary>
    internal static int Count(ProcessOptions options)
    {
        var megabytes = options.MemoryBudgetMB > 0 ? options.MemoryBudgetMB : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1_000_000;
        var fit = (megabytes - ProcessOptions.BaseMB) / ProcessOptions.ArtworkMB;
        return (int)Math.Clamp(options.Concurrency > 0 ? options.Concurrency : Environment.ProcessorCount, 1, Math.Max(1, fit));
    }

    private ConcurrentBag<Tensors> Pool(Segmenter segmenter) => _tensors.GetOrAdd(segmenter, _ => []);

    /// <summary>The right to run one artwork through the pipeline; dispose it to let the next one in.</summary>
    public sealed class Slot(PipelineSlots owner, Segmenter segmenter, Tensors tensors) : IDisposable
    {
        private bool _isDisposed;

        public Segmenter Segmenter { get; } = segmenter;

        public Tensors Tensors { get; } = tensors;

        public void Dispose()
        {
            if (_isDisposed) return;
            _isDisposed = true;
            owner.Pool(Segmenter).Add(Tensors);
            owner._gate.Leave();
        }
    }
}
