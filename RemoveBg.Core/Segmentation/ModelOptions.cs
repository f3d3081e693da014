using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Segmentation;

/// <summary>Settings <c>RemoveBg:Model</c>: which network removes the background.</summary>
public sealed class ModelOptions
{
    public const string Section = "RemoveBg:Model";

    /// <summary><c>auto</c> (the default) takes the best network present, by the manifest's rank; <c>cascade</c> the
    /// smallest one and, where that is unsure, the best one; else a name from the manifest.</summary>
    [Required]
    public string Name { get; set; } = "auto";

    /// <summary>Names that a request may ask for by <c>model</c>, with commas between; <c>auto</c>,
    /// which is <see cref="Name"/>, always may. Null (the default) offers every network that is here.
    /// Each one asked for stays loaded.</summary>
    public string? Offered { get; set; }

    /// <summary>A network file, used as it is; <see cref="Name"/> then says how it is
    /// fed, or its file name does.</summary>
    public string? Path { get; set; }

    /// <summary>Folders to search, in this order, separated as in PATH. Default: the folder
    /// <c>models</c> beside the program.</summary>
    public string? Folders { get; set; }

    /// <summary>Where downloaded networks lie; searched last. Default: <c>removebg/models</c>
    /// in the user's cache folder.</summary>
    public string? Cache { get; set; }

    /// <summary>With <c>cascade</c>: doubt of the small network (soft area / subject's area) above which the
    /// best one is asked. Default 0.5.</summary>
    [Range(0.0, 1000.0)]
    public double DoubtLimit { get; set; } = 0.5;

    /// <summary>Doubt of the network that answers (soft area / subject's area) above which it is shown
    /// the mirror image too, which takes its time twice; 0 looks twice at every photo that is not wholly
    /// sure, 1000 never. Default 0.5.</summary>
    [Range(0.0, 1000.0)]
    public double SecondLookLimit { get; set; } = 0.5;

    /// <summary>Whether a photo whose subject touches the frame is shown to the network with a margin around it too,
    /// which takes its time once more. Default true.</summary>
    public bool MarginLook { get; set; } = true;

    /// <summary>ONNX Runtime's execution provider in lower case: <c>cpu</c> (the default), or what the build of the
    /// runtime has. One that is not there stops the start.</summary>
    [Required]
    public string Provider { get; set; } = ExecutionProvider.Cpu;

    /// <summary>Threads of one inference; 0 (the default) takes as many as the process may use.</summary>
    [Range(0, 256)]
    public int Threads { get; set; }
}
