using System.Net;
using System.Net.Sockets;

namespace RemoveBg.Core.Network;

/// <summary>Decides whether an IP address is publicly routable.</summary>
/// <remarks>IPv6 is allow-listed to global unicast (2000::/3), with a deny list within it; the allow list covers most
/// forms that deny lists have missed. A mapped IPv4 address is checked as IPv4. One inside a transition form
/// (compatible, translated, NAT64, 6to4, Teredo, ISATAP) is refused, because a gateway decides where it
/// leads.</remarks>
public static class PublicAddress
{
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] Denied4 = Parse(
        "0.0.0.0/8",          // this network, RFC 791
        "10.0.0.0/8",         // private, RFC 1918
        "100.64.0.0/10",      // carrier-grade NAT, RFC 6598 (Alibaba's metadata service)
        "127.0.0.0/8",        // loopback, RFC 1122
        "168.63.129.16/32",   // Azure WireServer: a public address, so no special-purpose registry has it
        "169.254.0.0/16",     // link-local, RFC 3927: cloud metadata
        "172.16.0.0/12",      // private, RFC 1918
        "192.0.0.0/24",       // IETF protocol assignments, RFC 6890
        "192.0.2.0/24",       // TEST-NET-1, RFC 5737
        "192.31.196.0/24",    // AS112, RFC 7535
        "192.52.193.0/24",    // AMT, RFC 7450
        "192.88.99.0/24",     // 6to4 relay anycast, deprecated by RFC 7526
        "192.168.0.0/16",     // private, RFC 1918
        "192.175.48.0/24",    // AS112, RFC 7534
        "198.18.0.0/15",      // benchmarking, RFC 2544
        "198.51.100.0/24",    // TEST-NET-2, RFC 5737
        "203.0.113.0/24",     // TEST-NET-3, RFC 5737
        "224.0.0.0/4",        // multicast, RFC 5771
        "240.0.0.0/4");       // reserved and broadcast, RFC 1112, RFC 919

    private static readonly IPNetwork[] Denied6 = Parse(
        "2001::/23",          // IETF protocol assignments: Teredo, ORCHID, benchmarking, RFC 2928
        "2001:db8::/32",      // documentation, RFC 3849
        "2002::/16",          // 6to4, RFC 3056
        "2620:4f:8000::/48",  // AS112, RFC 7534
        "3fff::/20");         // documentation, RFC 9637

    public static bool Is(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return !Denied4.Any(network => network.Contains(address));
        return address.AddressFamily == AddressFamily.InterNetworkV6
            && address.ScopeId == 0
            && GlobalUnicast.Contains(address)
            && !Denied6.Any(network => network.Contains(address))
            && !IsIsatap(address);
    }

    /// <summary>Whether the address is loopback, in any form.</summary>
    public static bool IsLoopback(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return IPAddress.IsLoopback(address);
    }

    /// <summary>Interface id 0000:5efe or 0200:5efe before an IPv4 address, in any prefix (RFC 5214).</summary>
    private static bool IsIsatap(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes[8] is 0 or 2 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
    }

    private static IPNetwork[] Parse(params string[] networks) => [.. networks.Select(IPNetwork.Parse)];
}
