using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Network;

/// <summary>Settings <c>RemoveBg:Network</c>: allowed ports, loopback, timeouts.</summary>
public sealed class NetworkOptions
{
    public const string Section = "RemoveBg:Network";

    /// <summary>Ports of image URLs and webhooks, separated by commas. Default 80, 443, 8080, 8443.</summary>
    [Required, RegularExpression(@"^\s*\d{1,5}(\s*,\s*\d{1,5})*\s*$")]
    public string Ports { get; set; } = "80,443,8080,8443";

    /// <summary>Allows images from and webhooks to this machine, on any port, webhooks over http too. For development
    /// only: startup fails with it on Azure.</summary>
    public bool AllowLoopbackForDevelopment { get; set; }

    /// <summary>Time limit of a name lookup. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan LookupTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Time limit of a connection attempt. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    internal IReadOnlySet<int> PortSet =>
        Ports.Split(',', StringSplitOptions.TrimEntries).Select(int.Parse).ToHashSet();
}
