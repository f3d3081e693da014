using Microsoft.Extensions.Options;
using RemoveBg.Core.Network;

namespace RemoveBg.Tests.Network;

/// <summary>Location headers and where they lead, from RFC 3986, section 5.4, and the WHATWG URL Standard.</summary>
public sealed class UrlReferenceTests
{
    private const string Rfc = "http://a/b/c/d;p?q", Photos = "https://images.example.com/shop/photos/1.jpg?s=%2B#top";

    // RFC 3986, section 5.4.1: normal examples.
    [TestCase(Rfc, "g:h", "g:h")]
    [TestCase(Rfc, "g", "http://a/b/c/g")]
    [TestCase(Rfc, "./g", "http://a/b/c/g")]
    [TestCase(Rfc, "g/", "http://a/b/c/g/")]
    [TestCase(Rfc, "/g", "http://a/g")]
    [TestCase(Rfc, "//g", "http://g/")]
    [TestCase(Rfc, "?y", "http://a/b/c/d;p?y")]
    [TestCase(Rfc, "g?y", "http://a/b/c/g?y")]
    [TestCase(Rfc, "#s", "http://a/b/c/d;p?q")]
    [TestCase(Rfc, "g#s", "http://a/b/c/g")]
    [TestCase(Rfc, "g?y#s", "http://a/b/c/g?y")]
    [TestCase(Rfc, ";x", "http://a/b/c/;x")]
    [TestCase(Rfc, "g;x", "http://a/b/c/g;x")]
    [TestCase(Rfc, "g;x?y#s", "http://a/b/c/g;x?y")]
    [TestCase(Rfc, "", "http://a/b/c/d;p?q")]
    [TestCase(Rfc, ".", "http://a/b/c/")]
    [TestCase(Rfc, "./", "http://a/b/c/")]
    [TestCase(Rfc, "..", "http://a/b/")]
    [TestCase(Rfc, "../", "http://a/b/")]
    [TestCase(Rfc, "../g", "http://a/b/g")]
    [TestCase(Rfc, "../..", "http://a/")]
    [TestCase(Rfc, "../../", "http://a/")]
    [TestCase(Rfc, "../../g", "http://a/g")]
    // Section 5.4.2: abnormal examples.
    [TestCase(Rfc, "../../../g", "http://a/g")]
    [TestCase(Rfc, "../../../../g", "http://a/g")]
    [TestCase(Rfc, "/./g", "http://a/g")]
    [TestCase(Rfc, "/../g", "http://a/g")]
    [TestCase(Rfc, "g.", "http://a/b/c/g.")]
    [TestCase(Rfc, ".g", "http://a/b/c/.g")]
    [TestCase(Rfc, "g..", "http://a/b/c/g..")]
    [TestCase(Rfc, "..g", "http://a/b/c/..g")]
    [TestCase(Rfc, "./../g", "http://a/b/g")]
    [TestCase(Rfc, "./g/.", "http://a/b/c/g/")]
    [TestCase(Rfc, "g/./h", "http://a/b/c/g/h")]
    [TestCase(Rfc, "g/../h", "http://a/b/c/h")]
    [TestCase(Rfc, "g;x=1/./y", "http://a/b/c/g;x=1/y")]
    [TestCase(Rfc, "g;x=1/../y", "http://a/b/c/y")]
    [TestCase(Rfc, "g?y/./x", "http://a/b/c/g?y/./x")]
    [TestCase(Rfc, "g?y/../x", "http://a/b/c/g?y/../x")]
    [TestCase(Rfc, "g#s/./x", "http://a/b/c/g")]
    [TestCase(Rfc, "g#s/../x", "http://a/b/c/g")]
    [TestCase(Rfc, "http:g", "http://a/b/c/g")]
    // A query or a path may hold another URL.
    [TestCase(Photos, "/go?to=https://other.example.org/a.jpg",
        "https://images.example.com/go?to=https://other.example.org/a.jpg")]
    [TestCase(Photos, "?u=http://a.b/c", "https://images.example.com/shop/photos/1.jpg?u=http://a.b/c")]
    [TestCase(Photos, "/cache/https://b.example.org/c.png",
        "https://images.example.com/cache/https://b.example.org/c.png")]
    [TestCase(Photos, "2.jpg?back=//x", "https://images.example.com/shop/photos/2.jpg?back=//x")]
    [TestCase(Photos, "/a?x=\\y", "https://images.example.com/a?x=\\y")]
    [TestCase(Photos, "/a#https://b/", "https://images.example.com/a")]
    [TestCase(Photos, "1:2.jpg", "https://images.example.com/shop/photos/1:2.jpg")]
    // Escapes stay as they are written.
    [TestCase(Photos, "/%41%7e%2F?x=%2b&y=%20", "https://images.example.com/%41%7e%2F?x=%2b&y=%20")]
    [TestCase(Photos, "/~a!b", "https://images.example.com/~a!b")]
    [TestCase(Photos, "?", "https://images.example.com/shop/photos/1.jpg?")]
    // WHATWG: other hosts, slashes, and what is ignored.
    [TestCase(Photos, "https://b.example.org", "https://b.example.org/")]
    [TestCase(Photos, "HTTPS://B.example.org/A", "https://B.example.org/A")]
    [TestCase(Photos, "https:2.jpg", "https://images.example.com/shop/photos/2.jpg")]
    [TestCase(Photos, "https:/2.jpg", "https://images.example.com/2.jpg")]
    [TestCase(Photos, "http:b.example.org/a", "http://b.example.org/a")]
    [TestCase(Photos, "http:/b.example.org/a", "http://b.example.org/a")]
    [TestCase(Photos, "https:////b.example.org/a", "https://b.example.org/a")]
    [TestCase(Photos, "///b.example.org/a", "https://b.example.org/a")]
    [TestCase(Photos, "\\\\b.example.org\\a", "https://b.example.org/a")]
    [TestCase(Photos, "..\\2.jpg", "https://images.example.com/shop/2.jpg")]
    [TestCase(Photos, "/a/%2e%2E/b", "https://images.example.com/b")]
    [TestCase(Photos, "/a/.%2e/b/%2e", "https://images.example.com/b/")]
    [TestCase(Photos, "  /a.jpg \t", "https://images.example.com/a.jpg")]
    [TestCase(Photos, "/a\tb.jpg", "https://images.example.com/ab.jpg")]
    [TestCase(Photos, "/a b.jpg?x=a b", "https://images.example.com/a%20b.jpg?x=a%20b")]
    [TestCase(Photos, "/<a>{b}", "https://images.example.com/%3Ca%3E%7Bb%7D")]
    [TestCase(Photos, "?q=<'\">", "https://images.example.com/shop/photos/1.jpg?q=%3C%27%22%3E")]
    [TestCase(Photos, "/caf\u00c3\u00a9.jpg", "https://images.example.com/caf%C3%A9.jpg")]
    [TestCase(Photos, "//caf\u00c3\u00a9.example.org/", "https://caf\u00e9.example.org/")]
    [TestCase(Photos, "//user@b.example.org/", "https://user@b.example.org/")]
    [TestCase(Photos, "//b.example.org:8443?x", "https://b.example.org:8443/?x")]
    [TestCase(Photos, "ftp://b.example.org/a", "ftp://b.example.org/a")]
    [TestCase(Photos, "javascript:alert(1)", "javascript:alert(1)")]
    [TestCase("https://images.example.com", "a.jpg", "https://images.example.com/a.jpg")]
    [TestCase("https://images.example.com?x=/y/", "a.jpg", "https://images.example.com/a.jpg")]
    [TestCase("https://images.example.com/a//b", "c", "https://images.example.com/a//c")]
    [TestCase("https://images.example.com/a//b", "../c", "https://images.example.com/a/c")]
    public void A_reference_leads_where_a_browser_goes(string source, string reference, string expected) =>
        Assert.That(UrlReference.Resolve(source, reference), Is.EqualTo(expected));

    [TestCase("\\\\10.0.0.1/x")]
    [TestCase("///127.0.0.1/")]
    [TestCase("https:////169.254.169.254/latest")]
    [TestCase("https:\\\\[::1]\\")]
    [TestCase(" //metadata.goog/ ")]
    [TestCase("//0x7f.1/")]
    [TestCase("/\\user@b.example.org/")]
    [TestCase("//b.example.org:22/")]
    [TestCase("//b.exam\tple/")]
    [TestCase("file:///etc/passwd")]
    public void A_reference_to_a_forbidden_address_stays_forbidden(string reference)
    {
        var policy = new UrlPolicy(Options.Create(new NetworkOptions()));
        Assert.That(policy.Check(UrlReference.Resolve(Photos, reference), UrlUse.Image, out _), Is.Not.Null);
        Assert.That(policy.Check(UrlReference.Resolve(Photos, "/x?u=" + reference.Trim()), UrlUse.Image, out _),
            reference.Contains('\\') ? Is.Not.Null : Is.Null, "as part of a query it leads nowhere");
    }
}
