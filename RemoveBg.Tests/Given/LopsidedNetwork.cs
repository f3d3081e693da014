using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Given;

/// <summary>
/// A network of 320 samples a side that stands for a larger one which looks one way only. It calls subject what is
/// darker than what lies to its right: softly, so that it is unsure, and not the same in the mirror image.
/// </summary>
internal static class LopsidedNetwork
{
    public const string Name = "u2netp";

    private const int Size = 320, Reach = 16;

    /// <summary>Returns a catalogue of the shipped network and this one.</summary>
    public static ModelCatalog Catalog(string name, string folder)
    {
        var shipped = ModelManifest.Shipped.Find("removebg")!;
        var options = new ModelOptions { Name = name, Folders = folder, Cache = folder };
        return new(Options.Create(options), new([Entry(), shipped]));
    }

    public static FoundModel WrittenTo(string folder)
    {
        var path = Path.Combine(folder, Entry().File);
        File.WriteAllBytes(path, Content());
        return new(Entry(), path);
    }

    private static ModelEntry Entry() => ModelManifest.Shipped.Find(Name)! with
    {
        Input = null, Output = null, Activation = "none",
        Digests = [$"sha256:{Convert.ToHexStringLower(SHA256.HashData(Content()))}"],
    };

    private static byte[] Content()
    {
        // A row of weights for each of R, G and B: minus here, plus to the right.
        const int width = 2 * Reach + 1;
        var weights = new float[3 * width];
        for (var channel = 0; channel < 3; channel++)
            for (var x = 0; x <= Reach; x++)
                weights[channel * width + Reach + x] = x == 0 ? -1 : 1f / Reach;
        return OnnxFile.Model(Size,
            OnnxFile.Constant("weights", [1, 3, 1, width], weights),
            OnnxFile.Node("Conv", ["image", "weights"], "logits", OnnxFile.Attribute("pads", 0, Reach, 0, Reach)),
            OnnxFile.Node("Sigmoid", ["logits"], "alpha"));
    }
}
