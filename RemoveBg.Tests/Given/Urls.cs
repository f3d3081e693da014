using System.Globalization;
using System.Net;

namespace RemoveBg.Tests.Given;

/// <summary>URLs that must be refused whatever their names resolve to, and URLs that must be accepted.</summary>
internal static class Urls
{
    private static readonly string[] Targets =
        ["127.0.0.1", "0.0.0.0", "10.0.0.1", "100.100.100.200", "168.63.129.16", "169.254.169.254", "192.168.1.1"];

    public static IEnumerable<string> Refused =>
    [
        .. SpecialAddresses.Edges.Select(address => $"http://{Literal(address)}/"),
        .. Targets.Select(IPAddress.Parse).SelectMany(SpecialAddresses.AsIPv6).Select(text => $"http://[{text}]/"),
        .. Targets.Select(IPAddress.Parse).SelectMany(Disguises).Select(host => $"http://{host}/"),
        .. new[]
        {
            // Numbers that are no address, or one with a zone.
            "8.8.8.8.999", "256.256.256.256", "4294967297", "0x100000001", "08.8.8.8", "[127.0.0.1]",
            "[2001:4860:4860::8888%25eth0]", "[::ffff:127.0.0.1%25x]", "[::ffff:0x7f.0.0.1]", "[::1]. ",
            // Names for the inside (RFC 6761, RFC 7686, ICANN's reserved and high-risk names, clouds').
            "localhost", "localhost.", "a.localhost", "localho\u017ft", "%6c%6f%63%61%6c%68%6f%73%74",
            "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3", "intranet", "metadata", "instance-data",
            "metadata.google.internal", "metadata\u3002google\u3002internal", "metadata.goog", "metadata.goog.",
            "METADATA.GOOG:443", "x.metadata.goog", "instance-data.ec2.internal", "instance-data.ec2.internal.",
            "metadata.azure.com", "metadata.azure.internal", "metadata.tencentyun.com", "a.metadata.tencentyun.com.",
            "metadata.oraclecloud.com", "api.metadata.cloud.ibm.com", "metadata.platformequinix.com",
            "metadata.packet.net", "metadata.exoscale.com", "db.internal", "printer.local",
            "nas.home", "files.corp", "mail.lan", "service.svc", "kubernetes.default.svc", "x.example", "x.test",
            "x.invalid", "x.onion", "1.0.0.127.in-addr.arpa", "gateway.docker.internal",
            // Hosts that are none.
            "", ".", "]", "?x", "#x", "example..com", "-example.com", "example.com:abc", "example.com:99999",
            "example.com:80:80",
            // What stands before an @ is no host.
            "user@example.com", "user:password@example.com", "example.com@127.0.0.1", "example.com:80@127.0.0.1",
            "a:b@c:d@169.254.169.254", "[::1]@example.com", "example.com%40127.0.0.1", "example.com%2f@127.0.0.1",
            "127.1.1.1:80\\@127.2.2.2:80", "127.1.1.1:80#\\@127.2.2.2:80", "127.1.1.1:80\\@@127.2.2.2:80",
        }.Select(host => $"http://{host}/"),
        .. new[] { 0, 21, 22, 25, 110, 445, 2375, 5432, 6379, 7071, 10250, 11211 }
            .Select(port => string.Create(CultureInfo.InvariantCulture, $"https://example.com:{port}/a.png")),
        .. new[]
        {
            "about:blank", "blob:https://example.com/uuid", "dict://127.0.0.1:11211/stats", "file:///etc/passwd",
            "file://169.254.169.254/x", "ftp://example.com/a.png", "gopher://127.0.0.1/_x", "jar:http://127.0.0.1!/",
            "javascript:alert(1)", "ldap://127.0.0.1/%0astats%0aquit", "mailto:a@example.com", "netdoc:///etc/passwd",
            "tftp://example.com:12346/x", "unix:///var/run/docker.sock", "ws://example.com/",
        },
        .. new[]
        {
            "", "   ", "http://", "http:127.0.0.1/", "http:\\\\127.0.0.1\\", "\\\\127.0.0.1\\share\\a.png",
            "//example.com/a.png", "/relative/a.png", "example.com/a.png", "https://example.com/\r\nHost: 127.0.0.1",
            "https://example.com/\0", " https://example.com/a.png", "https://exa\tmple.com/a.png",
        },
    ];

    public static IEnumerable<string> Accepted =>
    [
        .. SpecialAddresses.Neighbours.Select(address => $"https://{Literal(address)}/"),
        "https://[::ffff:8.8.8.8]/", "https://8.8.8.8/a.png", "https://[2606:4700:4700::1111]/a.png",
        "http://example.com/a.png", "https://example.com", "https://example.com/?", "https://example.com:443/a.png",
        "https://example.com:8443/hook", "http://example.com:8080/a.png", "https://127.0.0.1.example.com/",
        "https://metadata.example.com/", "https://notmetadata.goog/", "https://metadata.goog.example.com/",
        "https://b\u00fccher.de/bild.png", "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/a.png",
        "https://\u4f8b\u3048.jp/\u753b\u50cf.png", "https://xn--80ak6aa92e.com/",
            "https://sub_domain.example.com/a.png",
        "https://example.com/a.png?url=http://127.0.0.1/", "https://example.com/http://169.254.169.254/",
        "https://my-bucket.s3.amazonaws.com/a%20b.png?X-Amz-Signature=abc%2Fdef",
        "http://example.com#@169.254.169.254@x/x",
    ];

    private static string Literal(IPAddress address) =>
        address.GetAddressBytes().Length == 4 ? $"{address}" : $"[{address}]";

    /// <summary>Ways to write an IPv4 address that inet_aton, a browser or a resolver understands.</summary>
    private static IEnumerable<string> Disguises(IPAddress address)
    {
        var b = address.GetAddressBytes();
        var number = (uint)(b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]);
        FormattableString[] plain =
        [
            $"{number}", $"0x{number:x}", $"0x{number:X8}", $"0{Octal(number)}",
            $"{b[0]}.{number & 0xFFFFFF}", $"{b[0]}.{b[1]}.{number & 0xFFFF}",
            $"0x{b[0]:x}.0x{b[1]:x}.0x{b[2]:x}.0x{b[3]:x}", $"0x{b[0]:x}.{number & 0xFFFFFF}",
            $"0{Octal(b[0])}.0{Octal(b[1])}.0{Octal(b[2])}.0{Octal(b[3])}", $"0000{Octal(b[0])}.{b[1]}.{b[2]}.{b[3]}",
            $"{b[0]}.{b[1]}.{b[2]}.0{b[3]}", $"{b[0]}.{b[1]}.{b[2]}.{b[3]}.",
        ];
        var dotted = address.ToString();
        return
        [
            .. plain.Select(FormattableString.Invariant),
            dotted.Replace('.', '\u3002'), dotted.Replace('.', '\uff0e'), dotted.Replace(".", "%2e"),
            Digits(dotted, digit => ((char)(0xFF10 + digit)).ToString()),
            Digits(dotted, digit => ((char)(0x0660 + digit)).ToString()),
            Digits(dotted, digit => ((char)(0x0E50 + digit)).ToString()),
            Digits(dotted, digit => char.ConvertFromUtf32(0x1D7CE + digit)),
            Digits(dotted, digit => digit == 0 ? "\u24EA" : ((char)(0x245F + digit)).ToString()),
        ];

        static string Octal(uint value) => Convert.ToString((long)value, 8);

        static string Digits(string text, Func<int, string> digit) =>
            string.Concat(text.Select(c => char.IsAsciiDigit(c) ? digit(c - '0') : c.ToString()));
    }
}
