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

    /// <summary>Proxy for images and webhooks, such as <c>http://proxy.example.com:3128</c>, with a user name and a
    /// password if it wants them. Then the proxy resolves names, and it alone keeps private addresses out. Empty by
    /// default: connections are made directly, and the proxies of the environment are ignored.</summary>
    [RegularExpression(@"^https?://[^/?#\s]+/?$",
        ErrorMessage = "{0} must be like http://proxy.example.com:3128, without a path.")]
    public string OutboundProxy { get; set; } = "";

    internal IReadOnlySet<int> PortSet =>
        Ports.Split(',', StringSplitOptions.TrimEntries).Select(int.Parse).ToHashSet();
}
