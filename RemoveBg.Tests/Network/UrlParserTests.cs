using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Network;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Network;

/// <summary>The guard against a second, independent parser: that of Node, which follows the WHATWG URL Standard. A URL
/// that leads two parsers to two hosts is a way past the guard.</summary>
public sealed class UrlParserTests
{
    private const int Seed = 20261130, Count = 100_000;

    private static readonly UrlPolicy Policy = new(Options.Create(new NetworkOptions()));

    [Test]
    public async Task An_accepted_url_leads_both_parsers_to_one_public_host()
    {
        var generator = new UrlGenerator(Seed);
        var urls = Enumerable.Range(0, Count).Select(_ => generator.Next()).ToList();
        await AssertAgreeAsync(urls, [.. urls.Select(url => new[] { url })]);
    }

    [Test]
    public async Task An_accepted_redirect_leads_both_parsers_to_one_public_host()
    {
        var generator = new UrlGenerator(Seed);
        string[] sources =
            ["http://photos.example.com/a/b.jpg?x=1", "https://8.8.8.8:8443/", "https://b\u00fccher.de/a"];
        var pairs = Enumerable.Range(0, Count)
            .Select(i => new[] { generator.NextReference(), sources[i % sources.Length] }).ToList();
        await AssertAgreeAsync([.. pairs.Select(pair => UrlReference.Resolve(pair[1], AsHeader(pair[0])))], pairs);
    }

    /// <param name="urls">Texts that the guard checks.</param>
    /// <param name="asked">The same for Node's parser: a URL, or a reference and its base.</param>
    private static async Task AssertAgreeAsync(IReadOnlyList<string> urls, IReadOnlyList<string[]> asked)
    {
        var others = await ParseAsync(asked);
        Assert.That(others, Has.Count.EqualTo(urls.Count));
        var (accepted, problems) = (0, new List<string>());
        for (var i = 0; i < urls.Count; i++)
        {
            if (Policy.Check(urls[i], UrlUse.Image, out var uri) is not null) continue;
            accepted++;
            var ours = $"{uri!.Scheme}://{HostOf(uri.IdnHost)}:{uri.Port}";
            var other = others[i] is [var scheme, var host, var port] ? $"{scheme}//{HostOf(host)}:{port}" : "no URL";
            // Node decodes punycode, and refuses what it cannot decode. Here, the name server decides.
            if (ours != other && !(other == "no URL" && ours.Contains("xn--", StringComparison.Ordinal)))
                problems.Add($"{JsonSerializer.Serialize(asked[i])}: {ours}, but Node has {other}");
            if (IPAddress.TryParse(uri.IdnHost, out var address) && !PublicAddress.Is(address))
                problems.Add($"{urls[i]} is {address}");
        }
        TestContext.Out.WriteLine($"{urls.Count} URLs of seed {Seed}, {accepted} accepted");
        Assert.That(problems.Take(10), Is.Empty);
        Assert.That(accepted, Is.GreaterThan(urls.Count / 100));
    }

    /// <summary>An IPv6 address has several notations.</summary>
    private static string HostOf(string host) => IPAddress.TryParse(host.Trim('[', ']'), out var address)
        && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"{address}"
        : host.ToLowerInvariant();

    /// <summary>A header's bytes, each as a character, as HttpClient gives them.</summary>
    private static string AsHeader(string text) =>
        System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes(text));

    private static async Task<List<string[]>> ParseAsync(IReadOnlyList<string[]> asked)
    {
        const string program = """
            const ports = { "http:": 80, "https:": 443 };
            const all = JSON.parse(require("fs").readFileSync(0, "utf8"));
            console.log(JSON.stringify(all.map(([text, base]) => {
              try {
                const url = new URL(text, base);
                return [url.protocol, url.hostname, `${url.port || ports[url.protocol]}`];
              } catch {
                return [];
              }
            })));
            """;
        var start = new ProcessStartInfo("node", ["-e", program]) { RedirectStandardInput = true,
            RedirectStandardOutput = true };
        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync();
        await using (var input = node.StandardInput.BaseStream) await JsonSerializer.SerializeAsync(input, asked);
        return JsonSerializer.Deserialize<List<string[]>>(await output)!;
    }
}
