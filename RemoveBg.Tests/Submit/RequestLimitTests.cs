using System.Text;
using RemoveBg.Core;
using RemoveBg.Core.DropIn;
using RemoveBg.Core.Submit;

namespace RemoveBg.Tests.Submit;

/// <summary>A refusal costs little, whatever is sent.</summary>
public sealed class RequestLimitTests
{
    private static readonly SubmitRequestParser Parser = Given.Requests.Parser();

    private static string Unknown(int fields, int nameLength = 1) =>
        string.Join(",", Enumerable.Range(0, fields).Select(i => $"\"{i.ToString().PadLeft(nameLength, 'n')}\":1"));

    [Test]
    public void Ten_problems_are_reported_and_then_that_there_are_more()
    {
        var ten = Refusal(() => Parser.Parse(Bytes($$"""{"imageUrl":"https://example.com/a",{{Unknown(10)}}}""")));
        Assert.That(ten, Does.Contain("'9' is not a known field").And.Not.Contain(Problems.More));
        var eleven = Refusal(() => Parser.Parse(Bytes($$"""{"imageUrl":"https://example.com/a",{{Unknown(11)}}}""")));
        Assert.That(eleven,
            Does.Contain("'9' is not a known field").And.Not.Contain("'10'").And.EndsWith(Problems.More));
    }

    [Test]
    public void A_batch_reports_ten_problems_of_all_its_requests()
    {
        var requests = string.Join(",", Enumerable.Repeat($$"""{{{Unknown(100, 200)}}}""", 50));
        var message = Refusal(() => Parser.ParseBatch(Bytes($$"""{"artworks":[{{requests}}]}""")));
        Assert.That(message, Does.Contain("artworks[0].").And.Not.Contain("artworks[1].").And.EndsWith(Problems.More));
        Assert.That(Encoding.UTF8.GetByteCount(message), Is.LessThan(8 * 1024));
    }

    [Test]
    public void A_million_fields_or_values_are_refused_before_a_document_is_built()
    {
        foreach (var json in new[]
        {
            $$"""{{{Unknown(1_000_000)}}}""",
            $$"""{"imageUrl":[{{string.Join(",", Enumerable.Repeat("1", 1_000_000))}}]}""",
            $$"""{"artworks":[{{string.Join(",", Enumerable.Repeat($$"""{{{Unknown(20_000)}}}""", 50))}}]}""",
        })
        {
            var body = Bytes(json);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var message = Refusal(() =>
                _ = json.Contains("artworks") ? Parser.ParseBatch(body)[0] : Parser.Parse(body));
            Assert.That(message, Does.Contain("JSON tokens"));
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
        }
    }

    [TestCase("""{"imageUrl":"https://example.com/\ud800"}""")]
    [TestCase("""{"imageUrl":"https://example.com/\udc00\ud800"}""")]
    [TestCase("""{"\ud800":"https://example.com/"}""")]
    [TestCase("""{"imageUrl":"https://example.com/","background":"\udbff"}""")]
    [TestCase("""{"artworks":["\ud800"]}""")]
    public void An_unpaired_surrogate_is_refused(string json)
    {
        Assert.That(Refusal(() => Parser.Parse(Bytes(json))), Does.Contain("surrogate"));
        Assert.That(Refusal(() => Parser.ParseBatch(Bytes(json))), Does.Contain("surrogate"));
    }

    [TestCase(new byte[] { 0xFF })]
    [TestCase(new byte[] { 0xC0, 0xAF })]
    [TestCase(new byte[] { 0xED, 0xA0, 0x80 })]
    public void Bytes_that_are_not_utf8_are_refused(byte[] bytes) =>
        Assert.That(Refusal(() => Parser.Parse((byte[])[.. "{\"imageUrl\":\""u8, .. bytes, .. "\"}"u8])),
            Does.Contain("UTF-8"));

    [Test]
    public void A_pair_of_surrogates_is_text()
    {
        var message = Refusal(() => Parser.Parse(Bytes("""{"imageUrl":"https://example.com/a","\ud83d\ude00":1}""")));
        Assert.That(message, Does.Contain("is not a known field").And.Not.Contain("surrogate"));
    }

    [Test]
    public void The_largest_real_request_is_far_below_the_limit_of_tokens()
    {
        var all = string.Join(",",
            RequestFields.Known.Where(name => name != "imageUrl").Select(name => $"\"{name}\":null"));
        Assert.That(() => Parser.Parse(Bytes($$"""{"imageUrl":"https://example.com/a",{{all}}}""")),
            Throws.Nothing);
        Assert.That(2 + 2 * RequestFields.Known.Count, Is.LessThan(JsonBody.MostTokens / 10));
    }

    [Test]
    public void The_drop_in_route_reports_ten_problems_and_shortens_names()
    {
        var texts = Enumerable.Range(0, 60)
            .Select(i => new KeyValuePair<string, string>(new string('n', 2000) + i, "1")).ToList();
        var refusal = Assert.Throws<V1Exception>(() => new RemoveBgV1Request(Parser)
            .Parse(texts, new Dictionary<string, InlineImage>()))!;
        Assert.That(refusal.Problems, Has.Count.EqualTo(Problems.Reported + 1));
        Assert.That(refusal.Problems[^1].Detail, Is.EqualTo(Problems.More));
        Assert.That(refusal.Problems.Sum(problem => problem.Detail!.Length), Is.LessThan(8 * 1024));
    }

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);

    private static string Refusal(Action parse)
    {
        var refusal = Assert.Throws<ApiException>(() => parse())!;
        Assert.That(refusal.StatusCode, Is.EqualTo(400));
        return refusal.Message;
    }
}
