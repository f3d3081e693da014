using System.Security.Cryptography;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Given;

/// <summary>A network whose output is the mean of R, G and B, in any shape and type that a network may have: what is
/// white is subject.</summary>
internal static class GreyNetwork
{
    /// <param name="width">Width of input and output; null for any.</param>
    /// <param name="height">Height of input and output; null for any.</param>
    /// <param name="takesHalf">True for an input of 16-bit floats.</param>
    /// <param name="givesHalf">True for an output of 16-bit floats.</param>
    /// <param name="givesLogits">True for an output that needs a sigmoid: 20 times the mean, minus 10.</param>
    public static byte[] Content(int? width, int? height, bool takesHalf = false, bool givesHalf = false,
        bool givesLogits = false) =>
        OnnxFile.Model(width, height, takesHalf ? OnnxFile.Half : OnnxFile.Float,
            givesHalf ? OnnxFile.Half : OnnxFile.Float,
            OnnxFile.Constant("slope", [1], [givesLogits ? 20 : 1]),
            OnnxFile.Constant("offset", [1], [givesLogits ? -10 : 0]),
            OnnxFile.Node("Cast", ["image"], "floats", OnnxFile.Attribute("to", OnnxFile.Float)),
            OnnxFile.Node("ReduceMean", ["floats"], "grey", OnnxFile.Attribute("axes", values: [1])),
            OnnxFile.Node("Mul", ["grey", "slope"], "scaled"),
            OnnxFile.Node("Add", ["scaled", "offset"], "shifted"),
            OnnxFile.Node("Cast", ["shifted"], "alpha",
                OnnxFile.Attribute("to", givesHalf ? OnnxFile.Half : OnnxFile.Float)));

    /// <summary>Writes the network and a user's manifest with its entry, as docs/networks.md describes.</summary>
    /// <param name="folder">Receives both.</param>
    /// <param name="content">The network.</param>
    /// <param name="fields">Fields of the entry after its name, file and digest, in JSON.</param>
    public static void Write(string folder, byte[] content, string fields)
    {
        File.WriteAllBytes(Path.Combine(folder, "my-network.onnx"), content);
        File.WriteAllText(Path.Combine(folder, ModelManifest.UserFile), $$"""
            {"models": [{
              "name": "my-network", "file": "my-network.onnx", "digests": ["{{Digest(content)}}"], {{fields}}
            }]}
            """);
    }

    public static string Digest(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";
}
