using Microsoft.ML.OnnxRuntime;

namespace RemoveBg.Core.Segmentation;

/// <summary>A loaded network. Several threads may call <see cref="Run"/>, each with its own
/// <see cref="Tensors"/>.</summary>
public sealed class Segmenter : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new(), _releasing = new();
    private readonly string[] _inputs, _outputs;
    private readonly NetworkShape _shape;
    private readonly bool _keepsMemory;

    static Segmenter() => RuntimeTelemetry.TurnOff();

    /// <summary>Loads a network, and the larger one of a cascade.</summary>
    /// <param name="keepsMemory">See the constructor.</param>
    public static Segmenter Open(FoundModel model, ModelOptions options, bool keepsMemory = true) =>
        new(model, options.Threads, options.Provider, keepsMemory)
    {
        Larger = model.Larger is { } larger ? Open(larger, options, keepsMemory) : null,
        CascadeLimit = options.CascadeLimit,
        AugmentationLimit = model.Entry.TestTimeAugmentation ? options.AugmentationLimit : double.PositiveInfinity,
    };

    /// <exception cref="InvalidDataException">The file is no network, or damaged.</exception>
    private static InferenceSession Load(string path, SessionOptions options)
    {
        try
        {
            return new(path, options);
        }
        catch (OnnxRuntimeException problem)
        {
            throw new InvalidDataException(
                $"{path} is no network that ONNX Runtime can load, or it is damaged: {problem.Message}", problem);
        }
    }

    /// <summary>Loads a network and runs it once to warm up.</summary>
    /// <param name="model">Network file and manifest entry.</param>
    /// <param name="threads">Threads per run; 0 for as many as the process may use (its cgroup's share).</param>
    /// <param name="provider">See <see cref="ModelOptions.Provider"/>.</param>
    /// <param name="keepsMemory">True to keep the runtime's working memory between runs, which makes the next one 70 ms
    /// faster.</param>
    /// <exception cref="InvalidDataException">The network's inputs or outputs differ from its manifest entry, or the
    /// provider is unavailable.</exception>
    public Segmenter(FoundModel model, int threads, string provider = ExecutionProvider.Cpu, bool keepsMemory = true)
    {
        (Model, Provider, _keepsMemory) = (model, provider, keepsMemory);
        var before = Environment.WorkingSet;
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = threads > 0 ? threads : Environment.ProcessorCount,
            // A planned memory pattern raises the peak by 200 MB and saves 2 % of the time (measured with U²-Netp).
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Let the threads sleep between jobs: decoding, encoding and the host share the cores.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _releasing.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
        ExecutionProvider.Append(options, provider);
        _session = Load(model.Path, options);
        _inputs = [Pick(_session.InputMetadata, model.Entry.Input, "input")];
        _outputs = [Pick(_session.OutputMetadata, model.Entry.Output, "output")];
        _shape = NetworkShape.Read(model, _session.InputMetadata[_inputs[0]], _session.OutputMetadata[_outputs[0]]);

        using var warmUp = new Tensors(_shape);
        _session.Run(_runOptions, _inputs, [warmUp.InputValue], _outputs, [warmUp.OutputValue]);
        OwnMB = Math.Max(0, Environment.WorkingSet - before) / 1_000_000;
        if (!keepsMemory) Run(warmUp);
    }

    public FoundModel Model { get; }

    /// <summary>Memory by which the process grew while this network (and a cascade's larger one) was loaded and ran
    /// once, in megabytes: weights and working memory.</summary>
    /// <remarks>Measured, so a little too high if the process did other work meanwhile.</remarks>
    public long MemoryMB => OwnMB + (Larger?.MemoryMB ?? 0);

    private long OwnMB { get; }

    /// <summary>The cascade's larger network, run if <see cref="Uncertainty"/> is above <see cref="CascadeLimit"/>;
    /// else null.</summary>
    public Segmenter? Larger { get; private init; }

    /// <summary>See <see cref="ModelOptions.CascadeLimit"/>.</summary>
    public double CascadeLimit { get; private init; }

    /// <summary>See <see cref="ModelOptions.AugmentationLimit"/>; infinite if the manifest says that the network runs
    /// once.</summary>
    public double AugmentationLimit { get; private init; } = new ModelOptions().AugmentationLimit;

    /// <summary>Allocates input and output buffers for this network, and for a cascade's larger one.</summary>
    public Tensors CreateTensors() => new(_shape, Larger?.CreateTensors());

    /// <summary>Name of ONNX Runtime's execution provider; see <see cref="ModelOptions.Provider"/>.</summary>
    public string Provider { get; }

    /// <summary>Computes <see cref="Tensors.Output"/>, alpha in [0, 1], from <see cref="Tensors.Input"/>.</summary>
    /// <param name="returnMemory">True to release the runtime's working memory afterwards. The next run takes 70 ms
    /// longer, but a large photo may need the memory first.</param>
    public void Run(Tensors tensors, bool returnMemory = false)
    {
        tensors.BeforeRun();
        _session.Run(returnMemory || !_keepsMemory ? _releasing : _runOptions, _inputs, [tensors.InputValue], _outputs,
            [tensors.OutputValue]);
        tensors.AfterRun();
        var output = tensors.Output;
        if (Model.Entry.Activation == "sigmoid") System.Numerics.Tensors.TensorPrimitives.Sigmoid(output, output);
        // Clamp, but never stretch to the full range: a photo without a subject must give an empty matte, not noise.
        foreach (ref var value in output) value = value >= 0 ? Math.Min(value, 1) : 0;
    }

    public void Dispose()
    {
        Larger?.Dispose();
        _session.Dispose();
        _runOptions.Dispose();
        _releasing.Dispose();
    }

    private string Pick(IReadOnlyDictionary<string, NodeMetadata> nodes, string? wanted, string what)
    {
        var name = wanted ?? nodes.Keys.First();
        return nodes.ContainsKey(name) ? name : throw new InvalidDataException(
            $"{Model.Path} has no {what} '{name}', only {string.Join(", ", nodes.Keys)}.");
    }
}
