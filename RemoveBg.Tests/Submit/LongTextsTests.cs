using System.Text;
using RemoveBg.Core;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Submit;

/// <summary>Images in base64 are decoded where they lie in the body.</summary>
public sealed class LongTextsTests
{
    private static readonly byte[] Image = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7 ^ i >> 8))];
    private static readonly SubmitRequestParser Parser = Requests.Parser();
    private static readonly string Uri = "data:image/png;base64," + Convert.ToBase64String(Image);

    [Test]
    public void A_data_uri_is_the_same_however_json_escapes_it()
    {
        foreach (var text in new[]
        {
            Uri,
            Uri.Replace("/", @"\/", StringComparison.Ordinal),
            Uri.Replace("+", @"\u002B", StringComparison.Ordinal),
            Uri.Insert(1000, @"\r\n").Insert(70_000, @"\n"),
        })
        {
            var request = Parser.Parse(Bytes($$"""{"imageUrl":"{{text}}","background":"red"}"""));
            Assert.That(request.InlineImage!.Content.ToArray(), Is.EqualTo(Image));
            Assert.That(request.Options!.Background!.Text, Is.EqualTo("red"), "what follows is read, too");
        }
    }

    [Test]
    public void A_batch_may_hold_several_and_each_keeps_its_own()
    {
        var other = "data:image/webp;base64," + Convert.ToBase64String(new byte[100_000]);
        var requests = Parser.ParseBatch(Bytes(
            $$"""{"artworks":[{"imageUrl":"{{Uri}}","background":"{{other}}"},{"imageUrl":"{{other}}"}]}"""));
        Assert.That(requests[0].InlineImage!.Content.ToArray(), Is.EqualTo(Image));
        Assert.That(requests[0].InlineBackground!.Content.ToArray(), Is.EqualTo(new byte[100_000]));
        Assert.That(requests[1].InlineImage!.MediaType, Is.EqualTo("image/webp"));
    }

    [TestCase("imageUrl", "http://example.com/", "characters")]
    [TestCase("imageUrl", "data:image/png;base64,*", "data URI")]
    [TestCase("webhook", "https://example.com/", "characters")]
    [TestCase("outputFormat", "png", "must be one of")]
    [TestCase("roi", "1 2 3 4", "roi must be")]
    public void A_long_text_that_is_no_image_gets_the_error_of_its_field(string field, string start, string expected)
    {
        var body = Bytes($$"""{"{{field}}":"{{start.PadRight(200_000, 'a')}}"}""");
        Assert.That(() => Parser.Parse(body), Throws.TypeOf<ApiException>().With.Message.Contains(expected)
            .And.Message.Contains(field));
    }

    [Test]
    public void Many_texts_that_are_not_quite_long_are_refused() => Assert.That(
        () => Parser.Parse(
            Bytes($"[{string.Join(",", Enumerable.Repeat($"\"{new string('a', 60_000)}\"", 40))}]")),
        Throws.TypeOf<ApiException>().With.Message.Contains("besides images"));

    [Test]
    public void A_data_uri_of_10_MiB_takes_no_memory_beside_its_body()
    {
        var body = Bytes($$"""{"imageUrl":"data:image/png;base64,{{Convert.ToBase64String(new byte[10 << 20])}}"}""");
        // The tables that the first request of a process makes are not its own.
        Parser.Parse(Bytes("""{"imageUrl":"data:image/png;base64,AAAA"}"""));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(Parser.Parse(body).InlineImage!.Content.ToMemory().Length, Is.EqualTo(10 << 20));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
    }

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);
}
