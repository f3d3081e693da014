using System.Text;
using RemoveBg.Core;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Submit;

namespace RemoveBg.Tests.Submit;

public sealed class SubmitRequestTests
{
    private static readonly SubmitRequestParser Parser = Given.Requests.Parser();

    [Test]
    public void All_fields_are_read()
    {
        var request = Parse(
            """{"imageUrl":"https://example.com/a.png","webhook":"https://example.com/hook","outputFormat":"png"}""");
        Assert.That(request, Is.EqualTo(new SubmitRequest("https://example.com/a.png", null, "https://example.com/hook",
            OutputFormat.Png)));
    }

    [Test]
    public void Webhook_and_format_may_be_absent()
    {
        var request = Parse("""{"imageUrl":"https://example.com/a.png","webhook":null}""");
        Assert.That(request, Is.EqualTo(new SubmitRequest("https://example.com/a.png", null, null, OutputFormat.Auto)));
    }

    [TestCase("", "The body is empty")]
    [TestCase("{", "not valid JSON")]
    [TestCase("[]", "JSON object")]
    [TestCase("{}", "imageUrl is required")]
    [TestCase("""{"imageUrl":null}""", "imageUrl is required")]
    [TestCase("""{"imageUrl":7}""", "imageUrl must be a string")]
    [TestCase("""{"imageUrl":"https://example.com/a","imageUrl":"https://example.com/b"}""", "each at most once")]
    [TestCase("""{"imageUrl":"https://example.com/a","sizes":"full"}""", "'sizes' is not a known field")]
    [TestCase("""{"imageUrl":"https://example.com/a","ImageUrl":"x"}""", "'ImageUrl' is not a known field")]
    [TestCase("""{"imageUrl":"https://example.com/a","webhook":["x"]}""", "webhook must be a string")]
    [TestCase("""{"imageUrl":"https://example.com/a","webhook":"http://example.com/"}""", "webhook must use https")]
    [TestCase("""{"imageUrl":"https://example.com/a","webhook":"https://127.0.0.1/"}""",
        "webhook must name a publicly routable host")]
    [TestCase("""{"imageUrl":"https://example.com/a","outputFormat":"gif"}""",
        "outputFormat must be one of auto, png, webp")]
    [TestCase("""{"imageUrl":"data:text/plain;base64,aGk="}""", "imageUrl is not a valid data URI")]
    [TestCase("""{"imageUrl":"data:image/png,abc"}""", "imageUrl is not a valid data URI")]
    [TestCase("""{"imageUrl":"data:image/png;base64,@@@"}""", "imageUrl is not a valid data URI")]
    public void A_problem_names_its_field_and_what_is_accepted(string body, string expected) =>
        Assert.That(() => Parse(body),
            Throws.TypeOf<ApiException>().With.Property("StatusCode").EqualTo(400).And.Message.Contains(expected));

    [Test]
    public void All_problems_are_reported_together() =>
        Assert.That(
            () => Parse("""{"imageUrl":"ftp://x","webhook":"https://10.0.0.1/","outputFormat":"gif","colour":1}"""),
            Throws.TypeOf<ApiException>().With.Message.Contains("imageUrl").And.Message.Contains("webhook")
                .And.Message.Contains("outputFormat").And.Message.Contains("'colour'"));

    [Test]
    public void A_url_may_have_8192_characters_and_no_more()
    {
        string Url(int length) => "https://example.com/".PadRight(length, 'a');
        Assert.That(() => Parse($$"""{"imageUrl":"{{Url(8192)}}"}"""), Throws.Nothing);
        Assert.That(() => Parse($$"""{"imageUrl":"{{Url(8193)}}"}"""),
            Throws.TypeOf<ApiException>().With.Message.Contains("8,192"));
    }

    [Test]
    public void A_data_uri_may_hold_10_MiB_and_no_more()
    {
        string Uri(int bytes) => "data:image/png;base64," + Convert.ToBase64String(new byte[bytes]);
        var request = Parse($$"""{"imageUrl":"{{Uri(10 * 1024 * 1024)}}"}""");
        Assert.That(request.InlineImage!.Shown, Is.EqualTo("data:image/png"));
        Assert.That(() => Parse($$"""{"imageUrl":"{{Uri(10 * 1024 * 1024 + 1)}}"}"""),
            Throws.TypeOf<ApiException>().With.Message.Contains("10 MiB"));
    }

    [Test]
    public void Requests_that_ask_for_the_same_have_the_same_fingerprint()
    {
        var one = Parse("""{"imageUrl":"https://example.com/a","outputFormat":"png"}""").Fingerprint();
        Assert.That(Parse("""{ "outputFormat": "png", "imageUrl": "https://example.com/a", "webhook": null }""")
            .Fingerprint(), Is.EqualTo(one));
        Assert.That(Parse("""{"imageUrl":"https://example.com/a"}""").Fingerprint(), Is.Not.EqualTo(one));
    }

    [Test]
    public void Each_field_and_each_image_changes_the_fingerprint()
    {
        var plain = new SubmitRequest("https://example.com/a", null, null, OutputFormat.Auto);
        var image = InlineImage.FromUpload("image/png", new byte[] { 1 });
        SubmitRequest[] all =
        [
            plain,
            plain with { ImageUrl = "https://example.com/b" },
            plain with { InlineImage = image },
            plain with { InlineImage = InlineImage.FromUpload("image/png", new byte[] { 2 }) },
            plain with { Webhook = "https://example.com/hook" },
            plain with { OutputFormat = OutputFormat.Png },
            plain with { Options = new() { Crop = true } },
            plain with { InlineBackground = image },
        ];
        Assert.That(all.Select(request => request.Fingerprint()), Is.Unique);
        Assert.That(typeof(SubmitRequest).GetProperties(), Has.Length.EqualTo(6), "every property is in the list");
    }

    [Test]
    public void A_fingerprint_of_an_earlier_version_does_not_refuse_a_retry()
    {
        var (one, other) = (new Fingerprint("01"), new Fingerprint("02"));
        Assert.That(one.Matches(one.Stored), Is.True);
        Assert.That(one.Matches(other.Stored), Is.False);
        Assert.That(one.Matches("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), Is.True);
    }

    private static SubmitRequest Parse(string body) => Parser.Parse(Encoding.UTF8.GetBytes(body));
}
