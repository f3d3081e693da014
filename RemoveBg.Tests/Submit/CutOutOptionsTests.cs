using System.Text;
using System.Text.Json;
using RemoveBg.Core;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Submit;

public sealed class CutOutOptionsTests
{
    private static readonly SubmitRequestParser Parser = Requests.Parser();

    [Test]
    public void All_options_are_read()
    {
        Assert.That(Parse("""
            "crop":true,"cropMargin":"10% 20px","roi":"0 0 50% 50%","background":"#ff8000","shadow":true,
            "size":800,"megapixels":0.5,"channels":"rgba","model":"removebg","requireForeground":true
            """).Options, Is.EqualTo(new CutOutOptions
        {
            Crop = true, CropMargin = Margin.TryParse("10% 20px"), Roi = Region.TryParse("0 0 50% 50%"),
            Background = Background.TryParse("#ff8000"), Shadow = true, Size = 800, Megapixels = 0.5,
            Channels = Channels.Rgba, Model = "removebg", RequireForeground = true,
        }));
        Assert.That(Parse("\"scale\":\"80%\",\"position\":\"50% 100%\"").Options,
            Is.EqualTo(new CutOutOptions { Scale = Scale.TryParse("80%"), Position = Position.TryParse("50% 100%") }));
    }

    [TestCase("")]
    [TestCase("\"crop\":null,\"background\":null,\"model\":null")]
    public void A_request_without_options_has_null_options(string fields) =>
        Assert.That(Parse(fields).Options, Is.Null);

    [TestCase("\"crop\":\"yes\"", "crop must be true or false")]
    [TestCase("\"cropMargin\":\"10%\"", "cropMargin needs crop: true")]
    [TestCase("\"crop\":true,\"cropMargin\":\"51%\"", "cropMargin must be one, two or four lengths")]
    [TestCase("\"crop\":true,\"cropMargin\":\"501px\"", "cropMargin must be")]
    [TestCase("\"crop\":true,\"cropMargin\":\"1 2 3\"", "cropMargin must be")]
    [TestCase("\"crop\":true,\"cropMargin\":\"-1px\"", "cropMargin must be")]
    [TestCase("\"crop\":true,\"cropMargin\":10", "cropMargin must be a string")]
    [TestCase("\"scale\":\"9%\"", "scale must be a percentage from 10% to 100%")]
    [TestCase("\"scale\":\"80\"", "scale must be a percentage")]
    [TestCase("\"scale\":\"80%\",\"crop\":true", "scale cannot be combined with crop")]
    [TestCase("\"position\":\"left\"", "position must be 'original', 'center'")]
    [TestCase("\"position\":\"101%\"", "position must be")]
    [TestCase("\"position\":\"center\",\"crop\":true", "position cannot be combined with crop")]
    [TestCase("\"roi\":\"0 0 10\"", "roi must be two corners")]
    [TestCase("\"roi\":\"50% 0 20% 10\"", "roi must be")]
    [TestCase("\"background\":\"greenish\"", "background must be a colour")]
    [TestCase("\"background\":\"#12345\"", "background must be a colour")]
    [TestCase("\"background\":\"http://10.0.0.1/a.png\"", "background must name a publicly routable host")]
    [TestCase("\"background\":\"data:text/html;base64,aGk=\"", "background is not a valid data URI")]
    [TestCase("\"background\":\"red\",\"channels\":\"alpha\"", "background cannot be combined with channels")]
    [TestCase("\"shadow\":true,\"channels\":\"alpha\"", "shadow cannot be combined with channels")]
    [TestCase("\"shadow\":1", "shadow must be true or false")]
    [TestCase("\"size\":15", "size must be a whole number from 16 to 20000")]
    [TestCase("\"size\":100.5", "size must be a whole number")]
    [TestCase("\"size\":\"full\"", "size must be a whole number")]
    [TestCase("\"megapixels\":51", "megapixels must be a number from 0.01 to 50")]
    [TestCase("\"channels\":\"rgb\"", "channels must be one of rgba, alpha, background")]
    [TestCase("\"background\":\"red\",\"channels\":\"background\"", "background cannot be combined with channels")]
    [TestCase("\"shadow\":true,\"channels\":\"background\"", "shadow cannot be combined with channels")]
    [TestCase("\"crop\":true,\"channels\":\"background\"", "crop cannot be combined with channels: background")]
    [TestCase("\"scale\":\"80%\",\"channels\":\"background\"", "scale cannot be combined with channels")]
    [TestCase("\"position\":\"center\",\"channels\":\"background\"", "position cannot be combined with channels")]
    [TestCase("\"background\":\"blurred\"", "background must be a colour (#rgb, #rrggbb, #rrggbbaa or a CSS colour "
        + "name), 'blur', an absolute http")]
    [TestCase("\"background\":\"blur\",\"channels\":\"alpha\"", "background cannot be combined with channels")]
    [TestCase("\"backgroundBlur\":50", "backgroundBlur needs background: blur")]
    [TestCase("\"background\":\"red\",\"backgroundBlur\":50", "backgroundBlur needs background: blur")]
    [TestCase("\"background\":\"blur\",\"backgroundBlur\":0", "backgroundBlur must be a whole number from 1 to 100")]
    [TestCase("\"background\":\"blur\",\"backgroundBlur\":101", "backgroundBlur must be a whole number from 1")]
    [TestCase("\"background\":\"blur\",\"backgroundBlur\":\"5\"", "backgroundBlur must be a whole number")]
    [TestCase("\"model\":\"u3net\"", "model must be one of auto, removebg")]
    [TestCase("\"requireForeground\":\"true\"", "requireForeground must be true or false")]
    public void A_problem_names_its_option_and_what_is_accepted(string fields, string expected) =>
        Assert.That(() => Parse(fields),
            Throws.TypeOf<ApiException>().With.Property("StatusCode").EqualTo(400).And.Message.Contains(expected));

    [TestCase("red")]
    [TestCase("#fff")]
    [TestCase("00ff0080")]
    [TestCase("RebeccaPurple")]
    [TestCase("lightgrey")]
    public void A_colour_may_be_written_as_in_css(string colour) =>
        Assert.That(Parse($"\"background\":\"{colour}\"").Options!.Background, Is.TypeOf<Background.Solid>()
            .With.Property("Text").EqualTo(colour));

    [TestCase("""{"crop":true,"cropMargin":"10% 20px","background":"#ff800080","channels":"alpha"}""")]
    [TestCase("""{"scale":"80%","position":"original","roi":"0 0 50% 50px","background":"https://example.com/a"}""")]
    [TestCase("""{"background":"blur","backgroundBlur":30,"size":640,"channels":"background"}""")]
    [TestCase("""{"position":"50% 100%","background":"data:image/png","size":640,"megapixels":0.25,"model":"auto"}""")]
    public void Stored_options_are_read_back_as_they_were(string json) =>
        Assert.That(CutOutOptions.Parse(json).ToJson(), Is.EqualTo(json));

    [Test]
    public void A_stored_option_that_no_version_accepts_is_an_error() =>
        Assert.That(() => CutOutOptions.Parse("""{"cropMargin":"51%"}"""),
            Throws.InstanceOf<JsonException>().With.Message.Contains("Margin must be one, two or four lengths"));

    [TestCase("red", true)]
    [TestCase("#ff000080", false)]
    public void A_background_colour_knows_whether_it_is_opaque(string colour, bool isOpaque) =>
        Assert.That(((Background.Solid)Background.TryParse(colour)!).IsOpaque, Is.EqualTo(isOpaque));

    [Test]
    public void Texts_of_a_form_become_flags_and_numbers()
    {
        var photo = InlineImage.FromUpload("image/JPEG", new byte[] { 1, 2, 3 });
        var request = Parser.Parse([new("crop", "true"), new("size", "640"), new("outputFormat", "png")],
            new Dictionary<string, InlineImage> { ["image"] = photo });
        Assert.Multiple(() =>
        {
            Assert.That(request.ImageUrl, Is.EqualTo("data:image/jpeg"));
            Assert.That(request.InlineImage, Is.SameAs(photo));
            Assert.That(request.Options, Is.EqualTo(new CutOutOptions { Crop = true, Size = 640 }));
        });
    }

    [Test]
    public void A_form_with_two_photos_or_unknown_files_is_refused_by_name()
    {
        var file = InlineImage.FromUpload(null, new byte[] { 1 });
        Assert.That(() => Parser.Parse([new("imageUrl", "https://example.com/a.png"), new("crop", "maybe"),
            new("size", "1"), new("size", "2")],
            new Dictionary<string, InlineImage> { ["image"] = file, ["extra"] = file }),
            Throws.TypeOf<ApiException>().With.Message.Contains("imageUrl cannot be combined with the file "
                + "image").And.Message.Contains("'extra' is not a known file")
                .And.Message.Contains("crop must be true or false").And.Message.Contains("size must be given once"));
    }

    [Test]
    public void The_same_image_with_other_options_has_another_fingerprint() =>
        Assert.That(Parse("\"crop\":true").Fingerprint(),
            Is.Not.EqualTo(Parse("").Fingerprint()).And.Not.EqualTo(Parse("\"crop\":false").Fingerprint()));

    [Test]
    public void A_problem_in_a_batch_names_its_artwork()
    {
        Assert.That(() => Parser.ParseBatch(
            """{"artworks":[{"imageUrl":"https://example.com/a"},{"imageUrl":7,"colour":1},5]}"""u8.ToArray()),
            Throws.TypeOf<ApiException>().With.Message.Contains("artworks[1].imageUrl must be a string").And.Message
                .Contains("'artworks[1].colour' is not a known field")
                .And.Message.Contains("artworks[2] must be an object"));
    }

    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"artworks":[]}""")]
    [TestCase("""{"artworks":[],"more":1}""")]
    [TestCase("""{"artworks":{}}""")]
    public void A_batch_is_1_to_50_artworks(string body)
    {
        Assert.That(() => Parser.ParseBatch(Encoding.UTF8.GetBytes(body)),
            Throws.TypeOf<ApiException>().With.Message.Contains("1 to 50 objects"));
        const string one = """{"imageUrl":"https://example.com/a"}""";
        string Of(int count) => $$"""{"artworks":[{{string.Join(',', Enumerable.Repeat(one, count))}}]}""";
        Assert.That(Parser.ParseBatch(Encoding.UTF8.GetBytes(Of(50))), Has.Count.EqualTo(50));
        Assert.That(() => Parser.ParseBatch(Encoding.UTF8.GetBytes(Of(51))), Throws.TypeOf<ApiException>());
    }

    private static SubmitRequest Parse(string fields) =>
        Parser.Parse(Encoding.UTF8.GetBytes(
            $$"""{"imageUrl":"https://example.com/a"{{(fields.Length == 0 ? "" : "," + fields)}}}"""));
}
