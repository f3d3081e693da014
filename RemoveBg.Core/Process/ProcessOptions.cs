using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Process;

/// <summary>Settings <c>RemoveBg:Process</c>.</summary>
public sealed class ProcessOptions
{
    public const string Section = "RemoveBg:Process";

    /// <summary>How long one attempt may take from claim to result. Default 120 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>How long a claim holds without a sign of life; it is renewed at a third of this. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a worker may start an artwork before it fails. Default 3.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Wait before the second attempt after a transient failure; the next waits four times as long. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Artworks in the pipeline at once; 0 (the default) takes one per core, as memory allows (0.9 GB each).</summary>
    [Range(0, 64)]
    public int Concurrency { get; set; }
}
