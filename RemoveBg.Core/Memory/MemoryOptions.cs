using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Memory;

/// <summary>Setting <c>RemoveBg:Process:MemoryBudgetMB</c>.</summary>
public sealed class MemoryOptions
{
    public const string Section = "RemoveBg:Process";

    /// <summary>Memory that the process may use, in megabytes; 0 (the default): with the model that comes with the
    /// source 1,004 MB up to two cores and 260 MB for each further core, with a larger model more by what it needs,
    /// and at most what the process has (its cgroup limit).</summary>
    [Range(0, 1_000_000)]
    public int MemoryBudgetMB { get; set; }
}
