using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Process.Model;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>How many artworks are in the pipeline at once, and their tensors: the pool's size is the limit on memory.</summary>
public sealed class PipelineSlots(IOptions<ProcessOptions> options, LoadedModel model) : IDisposable
{
    /// <summary>A photo of 50 megapixels takes about this much: pixels, turned pixels, matte, encoder, runtime.</summary>
    private const long BytesPerSlot = 900_000_000;

    private readonly FairGate _gate = new(Count(options.Value.Concurrency));
    private readonly ConcurrentBag<Tensors> _tensors = [];

    /// <param name="key">Whose artwork it is: keys that wait are served in turn.</param>
    public async Task<Slot> Take(string key, CancellationToken cancel)
    {
        var segmenter = await model.Get(cancel);
        await _gate.Enter(key, cancel);
        return new(this, segmenter, _tensors.TryTake(out var tensors) ? tensors : segmenter.CreateTensors());
    }

    public void Dispose()
    {
        foreach (var tensors in _tensors) tensors.Dispose();
    }

    private static int Count(int asked)
    {
        if (asked > 0) return asked;
        var byMemory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / BytesPerSlot;
        return (int)Math.Clamp(byMemory, 1, Environment.ProcessorCount);
    }

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
            owner._tensors.Add(Tensors);
            owner._gate.Leave();
        }
    }
}
