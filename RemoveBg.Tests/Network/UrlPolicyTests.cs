using Microsoft.Extensions.Options;
using RemoveBg.Core.Network;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Network;

public sealed class UrlPolicyTests
{
    private static readonly UrlPolicy Policy = new(Options.Create(new NetworkOptions()));

    [TestCase("https://example.com/a.png")]
    [TestCase("https://bücher.de/bild.png")]
    [TestCase("https://example.com:8443/hook")]
    [TestCase("https://[2606:4700:4700::1111]/")]
    [TestCase("https://B\u00dcCHER.de/B\u00dcCHER.jpg")]
    [TestCase("https://8.8.8.8/a.png")]
    [TestCase("https://my-bucket.s3.amazonaws.com/a%20b.png?X-Amz-Signature=abc%2Fdef")]
    [TestCase("https://example.com/?next=http://169.254.169.254/")]
    public void A_public_url_is_accepted_for_both_uses(string url)
    {
        Assert.That(Policy.Check(url, UrlUse.Image, out var uri), Is.Null);
        Assert.That(Policy.Check(url, UrlUse.Webhook, out _), Is.Null);
        Assert.That(uri, Is.Not.Null);
    }

    [TestCase("http://127.0.0.1/", "publicly routable")]
    [TestCase("http://localhost/", "publicly routable")]
    [TestCase("http://①②⑦.⓪.⓪.①/", "publicly routable")]
    [TestCase("http://127。0。0。1/", "publicly routable")]
    [TestCase("http://0x7f.1/", "publicly routable")]
    [TestCase("http://134744072/", "four decimal numbers")]
    [TestCase("http://\u212aelvin.com/", "symbols of other scripts are refused", Description = "Kelvin's sign")]
    [TestCase("http://\u00aa.com/", "symbols of other scripts are refused", Description = "a raised a")]
    [TestCase("http://\u0133.com/", "symbols of other scripts are refused", Description = "i with j")]
    [TestCase("http://bu\u0308cher.de/", "symbols of other scripts are refused", Description = "two characters")]
    [TestCase("http://\u05d0a.com/", "valid host name", Description = "from right to left and from left to right")]
    [TestCase("http://[2606:4700:4700::1111]a:8080/", "valid host name")]
    [TestCase("http://10.1.2.3/", "publicly routable")]
    [TestCase("http://169.254.169.254/latest/meta-data/", "publicly routable")]
    [TestCase("http://168.63.129.16/", "publicly routable")]
    [TestCase("http://metadata.google.internal/", "publicly routable")]
    [TestCase("http://[::ffff:127.0.0.1]/", "publicly routable")]
    [TestCase("http://[64:ff9b::808:808]/", "publicly routable")]
    [TestCase("http://user:pass@example.com/", "user name or password")]
    [TestCase("http://@example.com/", "user name or password")]
    [TestCase("http://-a-.example.com/", "valid host name")]
    [TestCase("http://a-.example.com/", "valid host name")]
    [TestCase("http://example.c_m/", "valid host name")]
    [TestCase("http://example.com:22/", "ports 80, 443, 8080, 8443")]
    [TestCase("ftp://example.com/a.png", "absolute http or https URL, like https://images.example.com/photo.jpg")]
    [TestCase("//example.com/a.png", "absolute http or https URL")]
    [TestCase("http:\\\\127.0.0.1\\", "absolute http or https URL")]
    [TestCase("https://example.com/\r\nHost: x", "absolute http or https URL")]
    public void A_refused_url_names_the_problem(string url, string expected) =>
        Assert.That(Policy.Check(url, UrlUse.Image, out _), Does.Contain(expected));

    [TestCase(253, null)]
    [TestCase(254, "must have a valid host name.")]
    public void A_host_name_has_at_most_253_characters(int length, string? expected)
    {
        var labels = string.Concat(Enumerable.Repeat("a.", 120));
        var host = labels + new string('b', length - labels.Length);
        Assert.That(Policy.Check($"https://{host}/", UrlUse.Image, out _), Is.EqualTo(expected));
    }

    [TestCase("https://B\u00dcCHER.de/", "xn--bcher-kva.de")]
    [TestCase("https://\u041f\u0420\u0418\u0412\u0415\u0422.ru/", "xn--b1agh1afp.ru",
        Description = "Without a capital of ASCII, .NET keeps the others.")]
    public void A_name_of_another_script_is_looked_up_in_lower_case(string url, string expected)
    {
        Assert.That(Policy.Check(url, UrlUse.Image, out var uri), Is.Null);
        Assert.That(uri!.IdnHost, Is.EqualTo(expected));
    }

    [Test]
    public void A_refused_webhook_gets_an_example_of_a_webhook() =>
        Assert.That(Policy.Check("/hook", UrlUse.Webhook, out _),
            Is.EqualTo("must be an absolute https URL, like https://api.example.com/hook."));

    [Test]
    public void A_webhook_must_use_https() =>
        Assert.That(Policy.Check("http://example.com/hook", UrlUse.Webhook, out _), Is.EqualTo("must use https."));

    [TestCase("http://127.0.0.1:5000/photo.jpg", UrlUse.Image)]
    [TestCase("http://localhost:5000/hook", UrlUse.Webhook)]
    public void Development_allows_loopback_on_any_port(string url, UrlUse use) =>
        Assert.That(new UrlPolicy(Options.Create(new NetworkOptions { AllowLoopbackForDevelopment = true }))
            .Check(url, use, out _), Is.Null);

    [TestCase("http://10.0.0.1/")]
    [TestCase("http://169.254.169.254/")]
    [TestCase("http://example.com:5000/")]
    [TestCase("http://\u05d0a.com/")]
    public void Development_allows_nothing_else(string url) =>
        Assert.That(new UrlPolicy(Options.Create(new NetworkOptions { AllowLoopbackForDevelopment = true }))
            .Check(url, UrlUse.Image, out _), Is.Not.Null);

    [Test]
    public void Private_and_malformed_urls_are_refused() =>
        Assert.That(Urls.Refused.Where(url => Policy.Check(url, UrlUse.Image, out _) is null), Is.Empty);

    [Test]
    public void Public_urls_are_accepted() =>
        Assert.That(Urls.Accepted.Where(url => Policy.Check(url, UrlUse.Image, out _) is not null), Is.Empty);

    [Test]
    public void Listed_payloads_are_accepted_or_refused_as_listed()
    {
        var wrong = new List<string>();
        foreach (var payload in Payloads.Of("url", "none"))
        {
            // The stages dns and redirect test the connector and the fetcher; their URLs are valid.
            var mustRefuse = payload.Text("stage") == "url";
            var url = payload.Text("url")!;
            var refused = url.Length > 8192 || Policy.Check(url, UrlUse.Image, out _) is not null;
            if (refused != mustRefuse)
                wrong.Add($"{(mustRefuse ? "let in" : "refused")}: {url} ({payload.Text("why")})");
        }
        Assert.That(wrong, Is.Empty);
    }
}
