using System.Text;
using RemoveBg.Core;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Submit;

/// <summary>Requests from forms, and the body of a webhook test.</summary>
public sealed class FormRequestTests
{
    private static readonly SubmitRequestParser Parser = Requests.Parser();
    private static readonly InlineImage Photo = InlineImage.FromUpload("image/jpeg", new byte[] { 1 });
    private static readonly InlineImage Other = InlineImage.FromUpload("image/png", new byte[] { 2 });

    [TestCase("true", true)]
    [TestCase("TRUE", true)]
    [TestCase("1", true)]
    [TestCase("on", true)]
    [TestCase("yes", true)]
    [TestCase("false", false)]
    [TestCase("0", false)]
    [TestCase("off", false)]
    [TestCase("no", false)]
    public void A_flag_is_written_as_forms_write_it(string text, bool expected) =>
        Assert.That(Of(("shadow", text)).Options!.Shadow, Is.EqualTo(expected));

    [Test]
    public void An_empty_field_counts_as_absent() =>
        Assert.That(Of(("size", ""), ("background", "")).Options, Is.Null);

    [Test]
    public void A_background_may_be_a_file_or_a_text_and_not_both()
    {
        var files = new Dictionary<string, InlineImage> { ["image"] = Photo, ["background"] = Other };
        var request = Parser.Parse([], files);
        Assert.That(request.InlineBackground, Is.SameAs(Other));
        Assert.That(request.Options!.Background, Is.TypeOf<Background.StoredImage>().With.Property("Text")
            .EqualTo("data:image/png"));
        Assert.That(() => Parser.Parse([new("background", "red")], files),
            Throws.TypeOf<ApiException>().With.Message.EqualTo(
                "background must be given once, as text or as a file."));
    }

    [Test]
    public void A_background_in_the_request_is_stored_and_one_elsewhere_is_downloaded()
    {
        var inline = Of(("background", "data:image/png;base64,AAAA"));
        Assert.That(inline.InlineBackground!.Content.ToArray(), Is.EqualTo(new byte[3]));
        Assert.That(inline.Options!.Background, Is.TypeOf<Background.StoredImage>().With.Property("Text")
            .EqualTo("data:image/png"), "the record does not hold the image");
        var url = Of(("background", "https://example.com/a.png"));
        Assert.That(url.InlineBackground, Is.Null);
        Assert.That(url.Options!.Background, Is.TypeOf<Background.ImageUrl>());
    }

    [Test]
    public void A_form_of_several_photos_gives_each_the_same_options()
    {
        var requests = Batch([Photo, Other, Photo], ("size", "640"), ("webhook", "https://example.com/hook"));
        Assert.That(requests.Select(request => request.InlineImage), Is.EqualTo(new[] { Photo, Other, Photo }));
        Assert.That(requests.Select(request => request.ImageUrl),
            Is.EqualTo(new[] { "data:image/jpeg", "data:image/png", "data:image/jpeg" }));
        Assert.That(requests.Select(request => (request.Options!.Size, request.Webhook)),
            Is.All.EqualTo(((int?)640, "https://example.com/hook")));
    }

    [Test]
    public void A_form_has_1_to_50_photos()
    {
        Assert.That(Batch([.. Enumerable.Repeat(Photo, 50)]), Has.Count.EqualTo(50));
        foreach (var count in new[] { 0, 51 })
            Assert.That(() => Batch([.. Enumerable.Repeat(Photo, count)]),
                Throws.TypeOf<ApiException>().With.Message.Contains("1 to 50 files with the name images"), $"{count}");
    }

    [Test]
    public void Each_problem_of_a_form_of_photos_is_named() =>
        Assert.That(() => Parser.ParseBatch([new("imageUrl", "https://example.com/a"), new("size", "1"),
            new("crop", "true"), new("crop", "true")], [Photo], new Dictionary<string, InlineImage>
            {
                ["background"] = Other, ["extra"] = Other,
            }, new()), Throws.TypeOf<ApiException>().With.Message.EqualTo(
            "imageUrl cannot be combined with files. crop must be given once. 'extra' is not a known file; accepted: "
            + "images, background. size must be a whole number from 16 to 20000: longest side, in pixels."));

    [Test]
    public void A_webhook_may_have_8192_characters_and_no_more()
    {
        string Url(int length) => "https://example.com/".PadRight(length, 'a');
        Assert.That(Of(("webhook", Url(8192))).Webhook, Has.Length.EqualTo(8192));
        Assert.That(() => Of(("webhook", Url(8193))),
            Throws.TypeOf<ApiException>().With.Message.EqualTo("webhook must have at most 8,192 characters."));
    }

    [TestCase("""{"webhook":"https://example.com/hook"}""", null)]
    [TestCase("""{"webhook":"https://example.com/hook","more":1}""", "The body must be an object with one field")]
    [TestCase("""{"other":"https://example.com/hook"}""", "The body must be an object with one field")]
    [TestCase("""{"webhook":null}""", "The body must be an object with one field")]
    [TestCase("[]", "The body must be an object with one field")]
    [TestCase("""{"webhook":"http://example.com/hook"}""", "webhook must use https")]
    public void A_webhook_test_names_one_receiver(string body, string? problem)
    {
        Func<string> parse = () => Parser.ParseWebhookTest(Encoding.UTF8.GetBytes(body));
        if (problem is null) Assert.That(parse(), Is.EqualTo("https://example.com/hook"));
        else Assert.That(parse, Throws.TypeOf<ApiException>().With.Message.Contains(problem));
    }

    private static SubmitRequest Of(params (string Name, string Text)[] texts) =>
        Parser.Parse(Pairs(texts), new Dictionary<string, InlineImage> { ["image"] = Photo });

    private static IReadOnlyList<SubmitRequest> Batch(IReadOnlyList<InlineImage> photos,
        params (string Name, string Text)[] texts) =>
        Parser.ParseBatch(Pairs(texts), photos, new Dictionary<string, InlineImage>(), new());

    private static IEnumerable<KeyValuePair<string, string>> Pairs((string Name, string Text)[] texts) =>
        texts.Select(text => new KeyValuePair<string, string>(text.Name, text.Text));
}
