using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.CutOut;

/// <summary>The part of the settings <c>RemoveBg:Process</c> that sizes the pipeline.</summary>
public sealed class PipelineOptions
{
    public const string Section = "RemoveBg:Process";

    /// <summary>Artworks in the pipeline at once; 0 (the default) takes one per core, as
    /// <see cref="MemoryBudgetMB"/> allows.</summary>
    [Range(0, 64)]
    public int Concurrency { get; set; }

    /// <summary>Megabytes that the process may use; 0 (the default) takes what it has (its limit by cgroup included).
    /// One artwork of 50 megapixels takes <see cref="ArtworkMB"/> or what a large network needs, and
    /// <see cref="Concurrency"/> may not ask for more than fit.</summary>
    [Range(0, 1_000_000)]
    public int MemoryBudgetMB { get; set; }

    /// <summary>What an artwork of 50 megapixels takes at its peak, in megabytes (measured: 520 upright and with
    /// U²-Netp; 200 more where EXIF turns it).</summary>
    public const int ArtworkMB = 800;

    /// <summary>What such an artwork takes while the network runs, beside the network, in megabytes: its
    /// pixels, and what the process varies by.</summary>
    public const int PhotoMB = 250;

    /// <summary>What the process takes beside its artworks, in megabytes.</summary>
    public const int BaseMB = 200;

    /// <summary>Of <see cref="BaseMB"/>: room for the files of networks that requests may name.</summary>
    public const int NetworkFilesMB = 50;
}
