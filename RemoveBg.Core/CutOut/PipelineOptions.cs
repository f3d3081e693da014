using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.CutOut;

/// <summary>Settings under <c>RemoveBg:Process</c> that size the pipeline.</summary>
public sealed class PipelineOptions
{
    public const string Section = "RemoveBg:Process";

    /// <summary>Number of artworks in the pipeline at once; 0 (the default) means one per core, as far as
    /// <see cref="MemoryBudgetMB"/> allows.</summary>
    [Range(0, 64)]
    public int Concurrency { get; set; }

    /// <summary>Memory that the process may use, in megabytes; 0 (the default) means all that it has (its cgroup
    /// limit).</summary>
    /// <remarks>Caps <see cref="Concurrency"/>: an artwork of 50 megapixels counts as <see cref="ArtworkMB"/>, or as
    /// more with a large network.</remarks>
    [Range(0, 1_000_000)]
    public int MemoryBudgetMB { get; set; }

    /// <summary>Peak memory of an artwork of 50 megapixels, in megabytes (measured with U²-Netp: 520 upright, 200 more
    /// if EXIF turns it).</summary>
    public const int ArtworkMB = 800;

    /// <summary>Memory of such an artwork while the network runs, not counting the network, in megabytes: its pixels,
    /// and a margin for what the process varies by.</summary>
    public const int PhotoMB = 250;

    /// <summary>Memory of the process without artworks, in megabytes.</summary>
    public const int BaseMB = 200;

    /// <summary>The part of <see cref="BaseMB"/> reserved for the weights of networks that requests may name, in
    /// megabytes.</summary>
    public const int NetworkFilesMB = 50;
}
