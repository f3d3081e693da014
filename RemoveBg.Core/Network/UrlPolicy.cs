using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Network;

public enum UrlUse
{
    /// <summary>http or https.</summary>
    Image,

    /// <summary>https only.</summary>
    Webhook,
}

/// <summary>Checks a URL by its text, at submission and again at every redirect.</summary>
/// <remarks>Names that resolve to private addresses are found by <see cref="GuardedConnector"/>, when the result is
/// final.</remarks>
public sealed partial class UrlPolicy(IOptions<NetworkOptions> options)
{
    /// <summary>Top-level domains and suffixes that never name a public host (RFC 6761, 6762,
    /// 7686, 8375, 9476 and vendors).</summary>
    private static readonly string[] PrivateSuffixes =
    [
        "localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "arpa", "test",
            "invalid", "example",
        "onion", "i2p", "alt", "svc",
    ];

    /// <summary>Names under which clouds serve metadata and credentials to their machines (Google, Azure, Tencent,
    /// Oracle, IBM, Equinix, Exoscale). Others are below <c>internal</c> or have no dot.</summary>
    private static readonly string[] MetadataNames =
    [
        "metadata.goog", "metadata.azure.com", "metadata.tencentyun.com", "metadata.oraclecloud.com",
        "metadata.cloud.ibm.com", "metadata.platformequinix.com", "metadata.packet.net", "metadata.exoscale.com",
    ];

    private readonly IReadOnlySet<int> _ports = options.Value.PortSet;
    private readonly bool _allowLoopback = options.Value.AllowLoopbackForDevelopment;

    /// <summary>Checks a URL.</summary>
    /// <param name="text">The URL as given.</param>
    /// <param name="use">Purpose of the URL, which decides on the schemes.</param>
    /// <param name="uri">The parsed URL when null is returned.</param>
    /// <returns>Null if the URL is accepted; else the problem, to be read after the field's name.</returns>
    public string? Check(string text, UrlUse use, out Uri? uri)
    {
        var schemes = use == UrlUse.Image ? "http or https" : "https";
        uri = null;

        // Check the text first: .NET tolerates backslashes, control characters, spaces and missing slashes that other
        // parsers read differently.
        var blank = text.IndexOf(' ', StringComparison.Ordinal);
        if (blank > 0 && PlainUrl().IsMatch(text) && !text.Any(char.IsControl))
            return $"must not contain a blank, as it does after its first {blank} characters; write it as %20.";
        if (!PlainUrl().IsMatch(text) || text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '\\'))
        {
            var example = use == UrlUse.Image ? "images.example.com/photo.jpg" : "api.example.com/hook";
            return $"must be an absolute {schemes} URL, like https://{example}.";
        }
        var host = Authority(text);
        if (!HostLetters.Are(host))
            return "must name a publicly routable host in ASCII or in letters: digits, dots and symbols of other "
                + "scripts are refused.";
        // Names of other scripts are looked up in lower case, as browsers do; .NET does so with ASCII alone.
        if (!Ascii.IsValid(host))
        {
            var start = text.IndexOf("//", StringComparison.Ordinal) + 2;
            text = text[..start] + host.ToLowerInvariant() + text[(start + host.Length)..];
        }
        if (!Uri.TryCreate(text, UriKind.Absolute, out var parsed))
            return $"is not a valid URL; it must be an absolute {schemes} URL.";
        if (parsed.UserInfo.Length > 0 || host.Contains('@'))
            return "must not contain a user name or password.";
        // .NET ignores what follows an IPv6 address.
        if (host.Contains('[') && !Ipv6Authority().IsMatch(host)) return "must have a valid host name.";
        if (host.Contains('%')) return "must not contain percent-encoding in its host name.";

        var refused = CheckHost(parsed, host, out var isLoopback);
        var excused = _allowLoopback && isLoopback;
        if (!excused && refused is not null) return refused;
        if (parsed.Scheme != Uri.UriSchemeHttps
            && !(parsed.Scheme == Uri.UriSchemeHttp && (use == UrlUse.Image || excused)))
            return $"must use {schemes}.";
        if (!excused && !_ports.Contains(parsed.Port))
            return $"must use one of the ports {string.Join(", ", _ports.Order())}.";
        uri = parsed;
        return null;
    }

    private static string? CheckHost(Uri uri, string written, out bool isLoopback)
    {
        const string notPublic = "must name a publicly routable host: loopback, link-local, private and cloud-metadata "
            + "addresses are refused.";
        isLoopback = false;

        // IdnHost, not Host: ASCII for names of other scripts.
        string host;
        try
        {
            host = uri.IdnHost.Trim('[', ']');
        }
        catch (UriFormatException)
        {
            return "must have a valid host name.";
        }
        if (IPAddress.TryParse(host, out var address))
        {
            // Parsers disagree on octal, hexadecimal, short and single-number forms.
            var isPlain = address.AddressFamily != AddressFamily.InterNetwork || written == address.ToString()
                || written.StartsWith(address + ":", StringComparison.Ordinal);
            isLoopback = isPlain && PublicAddress.IsLoopback(address);
            return !PublicAddress.Is(address) ? notPublic
                : isPlain ? null : "must write an IPv4 address as four decimal numbers, like 8.8.4.4.";
        }

        if (uri.HostNameType is not UriHostNameType.Dns) return "must have a valid host name.";
        var name = host.TrimEnd('.').ToLowerInvariant();
        isLoopback = name == "localhost";
        if (PrivateSuffixes.Concat(MetadataNames)
            .Any(suffix => name == suffix || name.EndsWith("." + suffix, StringComparison.Ordinal))) return notPublic;
        if (!name.Contains('.')) return notPublic;
        if (!DnsName().IsMatch(name) || host.EndsWith("..", StringComparison.Ordinal))
            return "must have a valid host name.";
        // "256.256.256.256", "1.2.3", "127.0.0.1.": no public top-level domain is a number, but some resolvers read an
        // address.
        return NumericLabel().IsMatch(name[(name.LastIndexOf('.') + 1)..]) || IPAddress.TryParse(name, out _)
            ? notPublic : null;
    }

    private static string Authority(string text)
    {
        var start = text.IndexOf("//", StringComparison.Ordinal) + 2;
        var end = text.AsSpan(start).IndexOfAny('/', '?', '#');
        return end < 0 ? text[start..] : text[start..(start + end)];
    }

    [GeneratedRegex(@"^https?://[^/?#]", RegexOptions.IgnoreCase)]
    private static partial Regex PlainUrl();

    [GeneratedRegex(@"^\[[0-9a-f:.]+\](:\d*)?$", RegexOptions.IgnoreCase)]
    private static partial Regex Ipv6Authority();

    [GeneratedRegex(@"^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    private static partial Regex DnsName();

    [GeneratedRegex(@"^(\d+|0x[0-9a-f]*)$")]
    private static partial Regex NumericLabel();
}
