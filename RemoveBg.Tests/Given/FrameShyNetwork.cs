using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Given;

/// <summary>A network with one fault that real ones have: what is dark is its subject, but where the frame cuts that,
/// it takes all of it for background and leaves a haze.</summary>
internal static class FrameShyNetwork
{
    private const int Size = 320, Frame = 4 * (Size - 1);

    /// <summary>Alpha of what it takes for background.</summary>
    private const float Haze = 0.2f;

    /// <summary>Share of the frame from which on it is wholly mistaken.</summary>
    private const float Touching = 0.1f;

    public static FoundModel WrittenTo(string folder)
    {
        var frame = new float[Size * Size];
        for (var i = 0; i < Size; i++)
            frame[i] = frame[^(i + 1)] = frame[i * Size] = frame[i * Size + Size - 1] = 1;
        var path = Path.Combine(folder, "frame-shy.onnx");
        File.WriteAllBytes(path, OnnxFile.Model(Size,
            OnnxFile.Constant("frame", [1, 1, Size, Size], frame),
            OnnxFile.Constant("haze", [1, 1, 1, 1], [Haze]),
            OnnxFile.Node("ReduceMean", ["image"], "grey", OnnxFile.Attribute("axes", values: [1])),
            // 1 up to a grey of 0.45, 0 from 0.55 on.
            OnnxFile.Node("HardSigmoid", ["grey"], "dark", OnnxFile.Attribute("alpha", -10f),
                OnnxFile.Attribute("beta", 5.5f)),
            OnnxFile.Node("Mul", ["dark", "frame"], "cut"),
            OnnxFile.Node("GlobalAveragePool", ["cut"], "share"),
            // 1 where nothing is cut, 0 where enough is.
            OnnxFile.Node("HardSigmoid", ["share"], "sure",
                OnnxFile.Attribute("alpha", -1 / Touching * Size * Size / Frame), OnnxFile.Attribute("beta", 1f)),
            OnnxFile.Node("Max", ["sure", "haze"], "strength"),
            OnnxFile.Node("Mul", ["dark", "strength"], "alpha")));
        return new(ModelManifest.Shipped.Find("removebg-lite")! with { Name = "frame-shy", LooksBothWays = false },
            path);
    }
}
