using Microsoft.ML.OnnxRuntime;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>One loaded network. <see cref="Run"/> may be called by several threads, each with
/// its own <see cref="Tensors"/>.</summary>
public sealed class Segmenter : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new(), _returning = new();
    private readonly string[] _inputs, _outputs;
    private readonly bool _keepsMemory;

    static Segmenter() => RuntimeTelemetry.TurnOff();

    /// <summary>Loads a network, and the larger one of a cascade.</summary>
    /// <param name="keepsMemory">As for the constructor.</param>
    public static Segmenter Open(FoundModel model, ModelOptions options, bool keepsMemory = true) =>
        new(model, options.Threads, options.Provider, keepsMemory)
    {
        Larger = model.Larger is { } larger ? Open(larger, options, keepsMemory) : null,
        DoubtLimit = options.DoubtLimit,
        SecondLookLimit = model.Entry.LooksBothWays ? double.PositiveInfinity : options.SecondLookLimit,
        MarginLook = options.MarginLook && !model.Entry.LooksBothWays,
    };

    /// <param name="threads">Of one run; 0 takes as many as the process may use (its share by cgroup included).</param>
    /// <param name="provider">See <see cref="ModelOptions.Provider"/>.</param>
    /// <param name="keepsMemory">Whether the runtime keeps its working memory from one run to the next,
    /// which makes the next one 70 ms faster.</param>
    public Segmenter(FoundModel model, int threads, string provider = ExecutionProvider.Cpu, bool keepsMemory = true)
    {
        (Model, Provider, _keepsMemory) = (model, provider, keepsMemory);
        var before = Environment.WorkingSet;
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = threads > 0 ? threads : Environment.ProcessorCount,
            // The planned pattern takes 200 MB more at the peak, for 2 % of the time (measured with U²-Netp).
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Between jobs the threads shall sleep: the cores are shared with decode, encode and the host.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _returning.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
        ExecutionProvider.Append(options, provider);
        _session = new(model.Path, options);
        _inputs = [Pick(_session.InputMetadata, model.Entry.Input, "input", 3)];
        _outputs = [Pick(_session.OutputMetadata, model.Entry.Output, "output", 1)];

        using var warmUp = new Tensors(model.Entry.Size);
        _session.Run(_runOptions, _inputs, [warmUp.InputValue], _outputs, [warmUp.OutputValue]);
        OwnMB = Math.Max(0, Environment.WorkingSet - before) / 1_000_000;
        if (!keepsMemory) Run(warmUp);
    }

    public FoundModel Model { get; }

    /// <summary>What the process has grown by while this network was loaded and ran once, in megabytes: its
    /// weights and its working memory, with the larger one's of a cascade. Measured, and so a little more
    /// where other work went on beside it.</summary>
    public long MemoryMB => OwnMB + (Larger?.MemoryMB ?? 0);

    private long OwnMB { get; }

    /// <summary>In a cascade, whom to ask when <see cref="Uncertainty"/> is above <see cref="DoubtLimit"/>.</summary>
    public Segmenter? Larger { get; private init; }

    public double DoubtLimit { get; private init; }

    /// <summary><see cref="Uncertainty"/> above which this network is shown the mirror image too.</summary>
    public double SecondLookLimit { get; private init; } = new ModelOptions().SecondLookLimit;

    /// <summary>See <see cref="ModelOptions.MarginLook"/>.</summary>
    public bool MarginLook { get; private init; } = true;

    /// <summary>Room for this network's input and output, and for those of the larger one of a cascade.</summary>
    public Tensors CreateTensors() => new(Model.Entry.Size, Larger?.CreateTensors());

    /// <summary>ONNX Runtime's execution provider.</summary>
    public string Provider { get; }

    /// <summary>From <see cref="Tensors.Input"/> to <see cref="Tensors.Output"/>: alpha in [0, 1].</summary>
    /// <param name="returnMemory">Gives the runtime's working memory back afterwards: worth the 70 ms that the next run
    /// takes longer where a large photo needs it next.</param>
    public void Run(Tensors tensors, bool returnMemory = false)
    {
        _session.Run(returnMemory || !_keepsMemory ? _returning : _runOptions, _inputs, [tensors.InputValue], _outputs,
            [tensors.OutputValue]);
        var output = tensors.Output.AsSpan();
        if (Model.Entry.Activation == "sigmoid") System.Numerics.Tensors.TensorPrimitives.Sigmoid(output, output);
        // Clamped, never stretched to the full range: a photo without a subject shall give an empty matte, not noise.
        foreach (ref var value in output) value = value >= 0 ? Math.Min(value, 1) : 0;
    }

    public void Dispose()
    {
        Larger?.Dispose();
        _session.Dispose();
        _runOptions.Dispose();
        _returning.Dispose();
    }

    private string Pick(IReadOnlyDictionary<string, NodeMetadata> nodes, string? wanted, string what, int channels)
    {
        var name = wanted ?? nodes.Keys.First();
        if (!nodes.TryGetValue(name, out var node))
            throw new InvalidDataException(
                $"{Model.Path} has no {what} '{name}'; it has {string.Join(", ", nodes.Keys)}.");
        int[] expected = [1, channels, Model.Entry.Size, Model.Entry.Size];
        var fits = node.ElementType == typeof(float) && node.Dimensions.Length == 4
            && node.Dimensions.Zip(expected).All(pair => pair.First == pair.Second || pair.First < 0);
        return fits ? name : throw new InvalidDataException(
            $"{Model.Path}: {what} '{name}' is {node.ElementType.Name} [{string.Join(", ", node.Dimensions)}], "
                + $"expected is Single [{string.Join(", ", expected)}].");
    }
}

/// <summary>Input and output of a <see cref="Segmenter"/>, allocated once and pinned: pixels are
/// written where the network reads.</summary>
public sealed class Tensors : IDisposable
{
    private readonly FloatPlanes _planes;

    public Tensors(int size, Tensors? larger = null)
    {
        (Size, Larger) = (size, larger);
        Input = GC.AllocateUninitializedArray<float>(3 * size * size, pinned: true);
        Output = GC.AllocateUninitializedArray<float>(size * size, pinned: true);
        _planes = new(size, size);
        Pixels = _planes.Rent();
        Scratch = new float[size * size];
        Array.Clear(Input);
        InputValue = OrtValue.CreateTensorValueFromMemory(Input, [1, 3, size, size]);
        OutputValue = OrtValue.CreateTensorValueFromMemory(Output, [1, 1, size, size]);
    }

    public int Size { get; }

    /// <summary>Those of a cascade's larger network.</summary>
    public Tensors? Larger { get; }

    /// <summary>Three planes R, G, B, row by row.</summary>
    public float[] Input { get; }

    /// <summary>One plane, row by row.</summary>
    public float[] Output { get; }

    /// <summary>What the network sees, as R, G, B from 0 to 1.</summary>
    internal FloatPlane Pixels { get; }

    /// <summary>Room of one plane, for whoever works on <see cref="Output"/>.</summary>
    internal float[] Scratch { get; }

    internal OrtValue InputValue { get; }

    internal OrtValue OutputValue { get; }

    public void Dispose()
    {
        Larger?.Dispose();
        Pixels.Dispose();
        _planes.Dispose();
        InputValue.Dispose();
        OutputValue.Dispose();
    }
}
