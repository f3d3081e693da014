using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Store;

/// <summary>Settings under <c>RemoveBg:Disk</c>.</summary>
public sealed class DiskOptions
{
    public const string Section = "RemoveBg:Disk";

    /// <summary>Free space below which the service is not ready, on the disk of each folder that it writes, in MB
    /// (1,000,000 bytes). Default 16.</summary>
    [Range(0, 1_000_000_000)]
    public long LeastFreeMB { get; set; } = 16;
}
