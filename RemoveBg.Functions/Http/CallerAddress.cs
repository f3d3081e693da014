using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace RemoveBg.Functions.Http;

/// <summary>Finds the address that a request came from.</summary>
public static class CallerAddress
{
    /// <param name="request">The request.</param>
    /// <param name="proxyHops">Number of trusted proxies. Each appends the address that it sees to X-Forwarded-For, so
    /// only as many entries count, from the right: the others may be the caller's invention.</param>
    /// <returns>An IPv4 address, or the /64 of an IPv6 address, since a subscriber has a whole one.</returns>
    public static string Of(HttpRequest request, int proxyHops)
    {
        var peer = request.HttpContext.Connection.RemoteIpAddress ?? IPAddress.None;
        return Network(Forwarded(request, proxyHops) ?? peer);
    }

    private static IPAddress? Forwarded(HttpRequest request, int proxyHops)
    {
        if (proxyHops == 0) return null;
        var entries = request.Headers["X-Forwarded-For"].SelectMany(header => (header ?? "").Split(',')).ToList();
        // With fewer entries than proxies, the request has gone around one: then the header proves nothing.
        return entries.Count >= proxyHops && IPEndPoint.TryParse(entries[^proxyHops].Trim(), out var address)
            ? address.Address : null;
    }

    private static string Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address.ToString();
        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return $"{new IPAddress(bytes)}/64";
    }
}
