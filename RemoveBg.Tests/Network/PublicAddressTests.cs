using System.Net;
using System.Text.Json;
using RemoveBg.Core.Network;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Network;

public sealed class PublicAddressTests
{
    [TestCase("8.8.8.8")]
    [TestCase("100.63.255.255", Description = "just below RFC 6598")]
    [TestCase("100.128.0.1", Description = "just above RFC 6598")]
    [TestCase("168.63.129.15", Description = "neighbour of Azure's WireServer")]
    [TestCase("2606:4700:4700::1111")]
    [TestCase("::ffff:8.8.8.8", Description = "mapped: judged as IPv4")]
    public void Public_addresses_are_public(string address) =>
        Assert.That(PublicAddress.Is(IPAddress.Parse(address)), Is.True);

    [TestCase("0.0.0.0")]
    [TestCase("::")]
    [TestCase("::1")]
    [TestCase("::ffff:10.0.0.1")]
    [TestCase("::127.0.0.1", Description = "IPv4-compatible, RFC 4291")]
    [TestCase("::ffff:0:127.0.0.1", Description = "IPv4-translated, RFC 2765")]
    [TestCase("64:ff9b::7f00:1", Description = "NAT64, RFC 6052")]
    [TestCase("2002:7f00:1::", Description = "6to4, RFC 3056")]
    [TestCase("2001:0:4136:e378:8000:63bf:3fff:fdd2", Description = "Teredo, RFC 4380")]
    [TestCase("2606:4700::5efe:127.0.0.1", Description = "ISATAP, RFC 5214")]
    [TestCase("fd00:ec2::254", Description = "AWS metadata")]
    [TestCase("fe80::1%1")]
    public void Special_addresses_are_not(string address) =>
        Assert.That(PublicAddress.Is(IPAddress.Parse(address)), Is.False);

    [Test]
    public void First_and_last_address_of_every_registered_range_is_refused()
    {
        using var ranges = JsonDocument.Parse(File.ReadAllText(Repo.SharedOrSkip("security", "deny-ranges.json")));
        var networks = ranges.RootElement.GetProperty("ipv4").EnumerateArray()
            .Concat(ranges.RootElement.GetProperty("ipv6").EnumerateArray())
            .Select(range => range[0].GetString()!)
            // Mapped addresses are judged as IPv4, and the last two lines are rules, not ranges: they have tests above.
            .Where(range => range != "::ffff:0:0/96" && IPNetwork.TryParse(range, out _)).Select(IPNetwork.Parse)
                .ToList();
        Assert.That(networks, Has.Count.GreaterThan(30));
        Assert.That(networks.SelectMany(network => new[] { network.BaseAddress, Last(network) })
            .Where(PublicAddress.Is), Is.Empty);
    }

    private static IPAddress Last(IPNetwork network)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        for (var bit = network.PrefixLength; bit < bytes.Length * 8; bit++) bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return new(bytes);
    }
}
