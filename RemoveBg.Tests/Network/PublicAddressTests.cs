using System.Net;
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
    [TestCase("2606:4700::1:fe:808:808", Description = "like ISATAP in its fourth byte alone")]
    [TestCase("2606:4700::100:5efe:808:808", Description = "like ISATAP, another first byte")]
    [TestCase("2606:4700::1:5efe:808:808", Description = "like ISATAP, another second byte")]
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
    [TestCase("2606:4700::200:5efe:127.0.0.1", Description = "ISATAP of a public address")]
    [TestCase("fe80::1%1")]
    [TestCase("2606:4700::1%1", Description = "public but for its zone")]
    public void Special_addresses_are_not_public(string address) =>
        Assert.That(PublicAddress.Is(IPAddress.Parse(address)), Is.False);

    [TestCase("127.0.0.1", true)]
    [TestCase("127.8.9.10", true)]
    [TestCase("::1", true)]
    [TestCase("::ffff:127.8.9.10", true)]
    [TestCase("::", false)]
    [TestCase("10.0.0.1", false)]
    [TestCase("::ffff:10.0.0.1", false)]
    [TestCase("2606:4700:4700::1111", false)]
    public void Loopback_is_known_in_all_its_forms(string address, bool isLoopback) =>
        Assert.That(PublicAddress.IsLoopback(IPAddress.Parse(address)), Is.EqualTo(isLoopback));

    [Test]
    public void First_and_last_address_of_every_special_range_is_refused() =>
        Assert.That(SpecialAddresses.Edges.Where(PublicAddress.Is), Is.Empty);

    [Test]
    public void The_neighbours_of_the_special_ranges_are_public() =>
        Assert.That(SpecialAddresses.Neighbours.Where(address => !PublicAddress.Is(address)), Is.Empty);

    [Test]
    public void A_private_address_inside_an_ipv6_one_is_refused() =>
        Assert.That(SpecialAddresses.AsIPv6(IPAddress.Parse("169.254.169.254")).Select(IPAddress.Parse)
            .Where(PublicAddress.Is), Is.Empty);
}
