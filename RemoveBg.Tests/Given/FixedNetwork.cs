using System.Security.Cryptography;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Given;

/// <summary>A network that finds the same alpha in every photo.</summary>
internal static class FixedNetwork
{
    /// <param name="folder">Receives the file.</param>
    /// <param name="size">Side of its input and output.</param>
    /// <param name="alpha">Its output: size × size values in [0, 1].</param>
    /// <returns>The network, normalised like the one that ships, without test-time augmentation.</returns>
    public static Segmenter Open(string folder, int size, float[] alpha)
    {
        var content = OnnxFile.Model(size,
            OnnxFile.Constant("found", [1, 1, size, size], alpha),
            OnnxFile.Constant("nothing", [1], [0]),
            OnnxFile.Node("ReduceMean", ["image"], "grey", OnnxFile.Attribute("axes", values: [1])),
            OnnxFile.Node("Mul", ["grey", "nothing"], "none"),
            OnnxFile.Node("Add", ["none", "found"], "alpha"));
        var path = Path.Combine(folder, "fixed.onnx");
        File.WriteAllBytes(path, content);
        var entry = ModelManifest.Shipped.Find("removebg")! with
        {
            Digests = [$"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}"], TestTimeAugmentation = false,
        };
        return Segmenter.Open(new(entry, path), new ModelOptions());
    }
}
