using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>Input and output buffers of a <see cref="Segmenter"/>, allocated once and pinned, so that the network reads
/// pixels where they were written.</summary>
/// <remarks>A network of 16-bit floats has buffers of its own, which are converted before and after it runs. An input
/// whose size varies uses the start of the buffers.</remarks>
public sealed class Tensors : IDisposable
{
    private readonly NetworkShape _shape;
    private readonly float[] _input, _output, _scratch;
    private readonly Float16[]? _halfInput, _halfOutput;
    private FloatPlanes _planes;

    /// <param name="size">Side of a square input, in samples.</param>
    /// <param name="larger">Buffers of a cascade's larger network.</param>
    public Tensors(int size, Tensors? larger = null)
        : this(new NetworkShape(size, size), larger)
    {
    }

    internal Tensors(NetworkShape shape, Tensors? larger = null)
    {
        (_shape, Larger) = (shape, larger);
        var samples = shape.Width * shape.Height;
        _input = GC.AllocateUninitializedArray<float>(3 * samples, pinned: true);
        _output = GC.AllocateUninitializedArray<float>(samples, pinned: true);
        _scratch = new float[samples];
        if (shape.TakesHalf) _halfInput = GC.AllocateUninitializedArray<Float16>(3 * samples, pinned: true);
        if (shape.GivesHalf) _halfOutput = GC.AllocateUninitializedArray<Float16>(samples, pinned: true);
        Array.Clear(_input);
        Resize(shape.Width, shape.Height);
    }

    /// <summary>Width of the input and output, in samples.</summary>
    public int Width { get; private set; }

    /// <summary>Height of the input and output, in samples.</summary>
    public int Height { get; private set; }

    /// <summary>Buffers of a cascade's larger network; else null.</summary>
    public Tensors? Larger { get; }

    /// <summary>Three planes R, G, B, row by row, normalised for the network.</summary>
    public Span<float> Input => _input.AsSpan(0, 3 * Width * Height);

    /// <summary>One plane of alpha, row by row.</summary>
    public Span<float> Output => _output.AsSpan(0, Width * Height);

    /// <summary>The longer side, in samples: radii are relative to it.</summary>
    internal int LongerSide => Math.Max(Width, Height);

    /// <summary>The resized photo, R, G, B from 0 to 1, before normalisation.</summary>
    internal FloatPlane Pixels { get; private set; }

    /// <summary>Scratch buffer of one plane, for steps that change <see cref="Output"/>.</summary>
    internal Span<float> Scratch => _scratch.AsSpan(0, Width * Height);

    internal OrtValue InputValue { get; private set; }

    internal OrtValue OutputValue { get; private set; }

    /// <summary>Gives the buffers the size that the network takes for a photo. Their content is lost if it
    /// changes.</summary>
    internal void FitTo(Photo photo)
    {
        var (width, height) = _shape.For(photo.Width, photo.Height);
        if ((width, height) == (Width, Height)) return;
        Release();
        Resize(width, height);
    }

    /// <summary>Converts <see cref="Input"/> for a network that takes 16-bit floats.</summary>
    internal void BeforeRun()
    {
        if (_halfInput is not null)
            TensorPrimitives.ConvertToHalf(Input, MemoryMarshal.Cast<Float16, Half>(_halfInput.AsSpan()));
    }

    /// <summary>Converts the output of a network that gives 16-bit floats to <see cref="Output"/>.</summary>
    internal void AfterRun()
    {
        if (_halfOutput is not null)
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<Float16, Half>(_halfOutput.AsSpan(0, Output.Length)),
                Output);
    }

    public void Dispose()
    {
        Larger?.Dispose();
        Release();
    }

    [MemberNotNull(nameof(_planes), nameof(Pixels), nameof(InputValue), nameof(OutputValue))]
    private void Resize(int width, int height)
    {
        (Width, Height) = (width, height);
        _planes = new(width, height);
        Pixels = _planes.Rent();
        InputValue = _halfInput is null ? Value(_input, 3) : Value(_halfInput, 3);
        OutputValue = _halfOutput is null ? Value(_output, 1) : Value(_halfOutput, 1);
    }

    private OrtValue Value<T>(T[] buffer, int channels) where T : unmanaged =>
        OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance,
            buffer.AsMemory(0, channels * Width * Height), [1, channels, Height, Width]);

    private void Release()
    {
        Pixels.Dispose();
        _planes.Dispose();
        InputValue.Dispose();
        OutputValue.Dispose();
    }
}
