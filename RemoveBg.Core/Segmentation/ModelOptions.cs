using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Segmentation;

/// <summary>Settings under <c>RemoveBg:Model</c>: the network and how it runs.</summary>
public sealed class ModelOptions
{
    public const string Section = "RemoveBg:Model";

    /// <summary>Names under <see cref="Section"/> that earlier versions knew, and what to do instead.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Former = new Dictionary<string, string>
    {
        ["DoubtLimit"] = "it is called CascadeLimit now",
        ["SecondLookLimit"] = AugmentationOnly,
        ["MarginLook"] = AugmentationOnly,
        ["FlipLimit"] = AugmentationOnly,
        ["PaddedInference"] = AugmentationOnly,
    };

    private const string AugmentationOnly = "AugmentationLimit decides on all further runs";

    /// <summary><c>auto</c> (the default) for the best network present, by the manifest's rank; <c>cascade</c> for the
    /// smallest one and, if that is uncertain, the best one; else a name from the manifest.</summary>
    [Required]
    public string Name { get; set; } = "auto";

    /// <summary>Names that a request may use as <c>model</c>, separated by commas; null (the default) for every network
    /// present. <c>auto</c>, which stands for <see cref="Name"/>, is always allowed.</summary>
    /// <remarks>Each network that was requested stays loaded.</remarks>
    public string? Offered { get; set; }

    /// <summary>A network file to use without a digest check. <see cref="Name"/>, or the file's name if that is
    /// <c>auto</c>, selects the manifest entry that says how to feed it.</summary>
    public string? Path { get; set; }

    /// <summary>Folders to search, in order, separated as in PATH. Default: the folder <c>models</c> next to the
    /// program.</summary>
    public string? Folders { get; set; }

    /// <summary>Folder of downloaded networks, searched last. Default: <c>removebg/models</c> in the user's local
    /// application data folder.</summary>
    public string? Cache { get; set; }

    /// <summary>With <c>cascade</c>: <see cref="Uncertainty"/> of the small network (soft area / subject's area) above
    /// which the best one runs. Default 0.5.</summary>
    [Range(0.0, 1000.0)]
    public double CascadeLimit { get; set; } = 0.5;

    /// <summary><see cref="Uncertainty"/> of the network's first run (soft area / subject's area) above which it also
    /// runs on the mirrored photo (<see cref="FlipInference"/>) and, if the subject touches the image border, on the
    /// padded one (<see cref="PaddedInference"/>). 0 does so unless the mask has no soft part, 1000 never. Default 1:
    /// one photo in 14 or fewer (docs/measurements.md).</summary>
    [Range(0.0, 1000.0)]
    public double AugmentationLimit { get; set; } = 1;

    /// <summary>ONNX Runtime's execution provider in lower case: <c>cpu</c> (the default), or another one that the
    /// build of the runtime has. An unavailable one fails startup.</summary>
    [Required]
    public string Provider { get; set; } = ExecutionProvider.Cpu;

    /// <summary>Threads per inference; 0 (the default) for as many as the process may use.</summary>
    [Range(0, 256)]
    public int Threads { get; set; }
}
