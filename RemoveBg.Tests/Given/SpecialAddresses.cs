using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RemoveBg.Tests.Given;

/// <summary>
/// Ranges that are not publicly routable: the IANA special-purpose address registries of IPv4 and IPv6 (RFC 6890), and
/// what clouds put at public addresses. Each with the document that reserves it.
/// </summary>
internal static class SpecialAddresses
{
    public static IReadOnlyList<(IPNetwork Range, string Source)> Ranges { get; } =
    [
        .. new (string Range, string Source)[]
        {
            ("0.0.0.0/8", "RFC 791"), ("10.0.0.0/8", "RFC 1918"), ("100.64.0.0/10", "RFC 6598"),
            ("127.0.0.0/8", "RFC 1122"), ("168.63.129.16/32", "Azure's WireServer"), ("169.254.0.0/16", "RFC 3927"),
            ("172.16.0.0/12", "RFC 1918"), ("192.0.0.0/24", "RFC 6890"), ("192.0.2.0/24", "RFC 5737"),
            ("192.31.196.0/24", "RFC 7535"), ("192.52.193.0/24", "RFC 7450"), ("192.88.99.0/24", "RFC 7526"),
            ("192.168.0.0/16", "RFC 1918"), ("192.175.48.0/24", "RFC 7534"), ("198.18.0.0/15", "RFC 2544"),
            ("198.51.100.0/24", "RFC 5737"), ("203.0.113.0/24", "RFC 5737"), ("224.0.0.0/4", "RFC 5771"),
            ("240.0.0.0/4", "RFC 1112"), ("::/128", "RFC 4291"), ("::1/128", "RFC 4291"), ("::/96", "RFC 4291"),
            ("::ffff:0:0:0/96", "RFC 2765"), ("64:ff9b::/96", "RFC 6052"), ("64:ff9b:1::/48", "RFC 8215"),
            ("100::/64", "RFC 6666"), ("100:0:0:1::/64", "RFC 9780"), ("2001::/23", "RFC 2928"),
            ("2001:db8::/32", "RFC 3849"), ("2002::/16", "RFC 3056"), ("2620:4f:8000::/48", "RFC 7534"),
            ("3fff::/20", "RFC 9637"), ("5f00::/16", "RFC 9602"), ("fc00::/7", "RFC 4193"), ("fe80::/10", "RFC 4291"),
            ("fec0::/10", "RFC 3879"), ("ff00::/8", "RFC 4291"), ("4000::/3", "RFC 4291: not assigned"),
        }.Select(entry => (IPNetwork.Parse(entry.Range), entry.Source)),
    ];

    /// <summary>First and last address of each range.</summary>
    public static IEnumerable<IPAddress> Edges =>
        Ranges.SelectMany(entry => new[] { entry.Range.BaseAddress, Last(entry.Range) });

    /// <summary>The neighbours of the ranges that are in none of them.</summary>
    public static IEnumerable<IPAddress> Neighbours => Ranges
        .SelectMany(entry => new[] { Plus(entry.Range.BaseAddress, -1), Plus(Last(entry.Range), 1) })
        .OfType<IPAddress>()
        .Where(address => Ranges.All(entry => !entry.Range.Contains(address)))
        .Where(address => address.AddressFamily == AddressFamily.InterNetwork || IsGlobalUnicast(address));

    /// <summary>Ways to write an IPv4 address in an IPv6 one that routers or resolvers turn back.</summary>
    public static IEnumerable<string> AsIPv6(IPAddress address)
    {
        var b = address.GetAddressBytes();
        var hex = string.Create(CultureInfo.InvariantCulture, $"{b[0]:x2}{b[1]:x2}:{b[2]:x2}{b[3]:x2}");
        return
        [
            $"::ffff:{address}", $"::ffff:{hex}", $"0:0:0:0:0:ffff:{address}", $"::{address}", $"::ffff:0:{hex}",
            $"64:ff9b::{hex}", $"64:ff9b:1::{hex}", $"2002:{hex}::1", $"2606:4700::5efe:{address}",
            $"2606:4700::200:5efe:{hex}",
        ];
    }

    private static bool IsGlobalUnicast(IPAddress address) => IPNetwork.Parse("2000::/3").Contains(address);

    private static IPAddress Last(IPNetwork network)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        for (var bit = network.PrefixLength; bit < bytes.Length * 8; bit++) bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return new(bytes);
    }

    /// <returns>Null below the first address and above the last one.</returns>
    private static IPAddress? Plus(IPAddress address, int step)
    {
        var bytes = address.GetAddressBytes();
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            var sum = bytes[i] + step;
            bytes[i] = (byte)sum;
            if (sum is >= 0 and <= 255) return new(bytes);
        }
        return null;
    }
}
