using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Network;

/// <summary>Settings <c>RemoveBg:Network</c>: with whom the service talks.</summary>
public sealed class NetworkOptions
{
    public const string Section = "RemoveBg:Network";

    /// <summary>Ports of image URLs and webhooks, separated by commas. Default 80, 443, 8080, 8443.</summary>
    [Required, RegularExpression(@"^\s*\d{1,5}(\s*,\s*\d{1,5})*\s*$")]
    public string Ports { get; set; } = "80,443,8080,8443";

    /// <summary>Lets pictures and webhooks come from and go to this machine itself, on any port, webhooks over http
    /// too. For development only: refused where the environment is Azure's.</summary>
    public bool AllowLoopbackForDevelopment { get; set; }

    /// <summary>How long one name lookup may take. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan LookupTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one connection may take. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    internal IReadOnlySet<int> PortSet =>
        Ports.Split(',', StringSplitOptions.TrimEntries).Select(int.Parse).ToHashSet();
}
