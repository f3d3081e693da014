using System.Text;

namespace RemoveBg.Tests.Given;

/// <summary>Makes URLs and references of pieces on which parsers disagree, and damages some.</summary>
internal sealed class UrlGenerator(int seed)
{
    private static readonly string[] Schemes =
        ["http:", "https:", "HTTP:", "hTTps:", "http", "ftp:", "", "https:", "http:"];

    private static readonly string[] Slashes = ["//", "//", "//", "//", "/", "///", "\\\\", "/\\", ""];
    private static readonly string[] Users = ["", "", "", "", "user@", "user:pass@", "@", "a%40b@", "1.1.1.1@"];

    private static readonly string[] Ports =
        ["", "", "", ":", ":80", ":443", ":8080", ":0443", ":22", ":99999", ":8 0"];

    private static readonly string[] Rests =
        ["", "/", "/a.jpg", "/a b", "/%41?x=%7E", "?x", "#y", "/../b", "/@x", "\\a",
        "/a?b=http://10.0.0.1/", "/a#@127.0.0.1/", "/\u00e9"];

    private static readonly string[] Hosts =
    [
        "example.com", "EXAMPLE.com", "photos.example.org", "example.com.", "a_b.example.com", "a.b.c.d.example.net",
        "a..b.com", "-a.com", "a-.com", "a.1", "a.0x1", "localhost", "local", "metadata.goog", "x.internal",
        // Addresses, in every notation.
        "8.8.8.8", "127.0.0.1", "0x7f.1", "0177.0.0.1", "2130706433", "010.8.8.8", "8.8.2056", "1.2.3.4.5",
        "256.1.1.1", "169.254.169.254", "10.1", "0", "0x08080808", "8.8.8.8.", "127.1.", "[::1]",
        "[2606:4700:4700::1111]", "[::ffff:10.0.0.1]", "[fe80::1%25eth0]", "[2606:4700:4700:0:0:0:0:1111]",
        "[::ffff:8.8.8.8]", "%31%32%37.0.0.1", "ex%61mple.com",
        // Letters that some programs map to others: Kelvin's sign, long s, ligatures, capitals without a small letter.
        "b\u00fccher.de", "bu\u0308cher.de", "B\u00dcCHER.de", "xn--bcher-kva.de", "\u4f8b\u3048.jp", "fa\u00df.de",
        "FA\u1e9e.de", "\u212aelvin.com", "\u212bngstrom.com", "\u017fite.com", "\ufb01le.com", "\u00aab.com",
        "\u0130stanbul.com", "\u03b1\u03c2.gr", "\u0391\u03a3.gr", "\u2126hm.com", "\uff41.com", "\u1d2c.com",
        "ex\u00adample.com", "ex\u200dample.com", "\u2460\u2461\u2466.0.0.1", "127\u30020\u30020\u30021",
        "example\uff0ecom", "\u0661\u0662\u0667.0.0.1", "\ufeffexample.com", "\u05d0\u05d1.com", "a\u0300.com",
    ];

    private const string Odd = "\t\n\r \\/?#@:%.[]{}|^<>\"'`;=&$!*()~+,-_0aZ\u0000\u00a0\u200b\u00ad\u3002\uff0f\u212a";

    private readonly Random _random = new(seed);

    /// <summary>An absolute URL, or something like one.</summary>
    public string Next()
    {
        var text = Pick(Schemes) + Pick(Slashes) + Pick(Users) + Pick(Hosts) + Pick(Ports) + Pick(Rests);
        return _random.Next(3) == 0 ? Damage(text) : text;
    }

    /// <summary>The value of a Location header: absolute or relative.</summary>
    public string NextReference()
    {
        var text = _random.Next(3) == 0 ? Pick(Rests) : Next();
        return _random.Next(4) == 0 ? Damage(text) : text;
    }

    private string Damage(string text)
    {
        var damaged = new StringBuilder(text);
        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            var at = _random.Next(damaged.Length + 1);
            if (_random.Next(3) > 0 || at == damaged.Length) damaged.Insert(at, Odd[_random.Next(Odd.Length)]);
            else damaged.Remove(at, 1);
        }
        return damaged.ToString();
    }

    private string Pick(string[] all) => all[_random.Next(all.Length)];
}
