using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Given;

/// <summary>
/// A network of 1024 samples a side that needs about 400 MB for each run and 300 bytes on disk: its input 32
/// times over, of which it takes the mean. A small node comes first, as in every real one: the runtime never
/// returns the first piece of memory that it took.
/// </summary>
internal static class LargeNetwork
{
    private const int Copies = 32, Size = 1024;

    /// <summary>Stands for IS-Net, which is fed the same.</summary>
    public static FoundModel WrittenTo(string folder)
    {
        var path = Path.Combine(folder, "large.onnx");
        File.WriteAllBytes(path, OnnxFile.Model(Size,
            OnnxFile.Node("Abs", ["image"], "positive"),
            OnnxFile.Node("Concat", Enumerable.Repeat("positive", Copies), "copies", OnnxFile.Attribute("axis", 1)),
            OnnxFile.Node("ReduceMean", ["copies"], "alpha", OnnxFile.Attribute("axes", values: [1]))));
        return new(ModelManifest.Shipped.Find("isnet-general-use")!, path);
    }
}
