using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Access;

/// <summary>Settings <c>RemoveBg:Access</c>: limits that each instance counts by itself.</summary>
public sealed class AccessOptions
{
    public const string Section = "RemoveBg:Access";

    /// <summary>Requests of a key per minute, submissions not counted; ten times the key's submissions if that is more.
    /// Default 3,000.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerMinute { get; set; } = 3000;

    /// <summary>Such requests that may come at once; ten times the key's burst if that is more. Default 600.</summary>
    [Range(1, 1_000_000)]
    public int RequestBurst { get; set; } = 600;

    /// <summary>Requests without a valid key per minute and address (IPv6: per /64), and at once. Default 60.</summary>
    [Range(1, 1_000_000)]
    public int StrangerRequestsPerMinute { get; set; } = 60;

    /// <summary>Requests of a key that may wait for an artwork at the same time: event streams, <c>Prefer: wait</c> and
    /// remove.bg's route. Default 100.</summary>
    [Range(1, 1_000_000)]
    public int WaitingRequests { get; set; } = 100;

    /// <summary>Proxies in front of the service that each append the address that they see to X-Forwarded-For, and that
    /// no caller can go around. The header is ignored with 0. Default 1 on Azure, else 0.</summary>
    [Range(0, 10)]
    public int? ProxyHops { get; set; }
}
