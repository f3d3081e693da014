using System.ComponentModel.DataAnnotations;
using RemoveBg.Core.Memory;

namespace RemoveBg.Core.CutOut;

/// <summary>Settings under <c>RemoveBg:Process</c> that size the pipeline.</summary>
public sealed class PipelineOptions
{
    public const string Section = "RemoveBg:Process";

    /// <summary>Number of artworks in the pipeline at once; 0 (the default) means one per core, as far as
    /// <see cref="MemoryOptions.MemoryBudgetMB"/> allows.</summary>
    [Range(0, 64)]
    public int Concurrency { get; set; }
}
