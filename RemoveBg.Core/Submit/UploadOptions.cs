using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Submit;

/// <summary>Settings <c>RemoveBg:Upload</c>: how slowly a request's body may arrive.</summary>
public sealed class UploadOptions
{
    public const string Section = "RemoveBg:Upload";

    /// <summary>Longest time from the first byte of a body to its last. Default 120 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:03:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Least bytes per second, averaged over <see cref="Window"/>. Default 8,192.</summary>
    [Range(0, 10_000_000)]
    public int MinBytesPerSecond { get; set; } = 8192;

    /// <summary>Time over which <see cref="MinBytesPerSecond"/> is averaged, and longest silence. Default 10
    /// s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}
