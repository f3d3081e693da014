using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Given;

/// <summary>Real networks, and cut-outs by them.</summary>
internal static class Networks
{
    private static readonly CutOutPipeline Pipeline = new(Options.Create(new ImageOptions()));

    /// <summary>The one that comes with the source.</summary>
    public static Segmenter Shipped(double? augmentationLimit = null, bool testTimeAugmentation = true) =>
        Load("removebg", Path.Combine(Repo.Root, "models"), augmentationLimit, testTimeAugmentation);

    public static Segmenter Load(string name, string folder, double? augmentationLimit = null,
        bool testTimeAugmentation = true)
    {
        var options = new ModelOptions { Name = name, Folders = folder };
        options.AugmentationLimit = augmentationLimit ?? options.AugmentationLimit;
        var model = new ModelCatalog(Options.Create(options)).Resolve();
        return Segmenter.Open(
            testTimeAugmentation ? model : model with { Entry = model.Entry with { TestTimeAugmentation = false } },
            options);
    }

    public static (byte[] File, CutOutResult Done) CutOut(this Segmenter segmenter, byte[] photo, OutputFormat format)
    {
        using var tensors = segmenter.CreateTensors();
        using var target = new MemoryStream();
        var done = Pipeline.Run(new(photo, format, segmenter, tensors, target), CancellationToken.None);
        return (target.ToArray(), done);
    }
}
