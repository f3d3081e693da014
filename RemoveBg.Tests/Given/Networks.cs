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
    public static Segmenter Lite(double? secondLookLimit = null) =>
        Load("removebg-lite", Path.Combine(Repo.Root, "models"), secondLookLimit);

    public static Segmenter Load(string name, string folder, double? secondLookLimit = null, bool marginLook = true)
    {
        var options = new ModelOptions { Name = name, Folders = folder, MarginLook = marginLook };
        options.SecondLookLimit = secondLookLimit ?? options.SecondLookLimit;
        return Segmenter.Open(new ModelCatalog(Options.Create(options)).Resolve(), options);
    }

    public static (byte[] File, CutOutResult Done) CutOut(this Segmenter segmenter, byte[] photo, OutputFormat format)
    {
        using var tensors = segmenter.CreateTensors();
        using var target = new MemoryStream();
        var done = Pipeline.Run(new(photo, format, segmenter, tensors, target), CancellationToken.None);
        return (target.ToArray(), done);
    }
}
