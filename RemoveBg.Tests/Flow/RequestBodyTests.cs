using System.Text;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Bodies that are refused.</summary>
public sealed class RequestBodyTests
{
    private RunningHost _host = null!;

    [OneTimeSetUp]
    public async Task Start() => _host = await RunningHost.StartAsync(takesWork: false);

    [OneTimeTearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [TestCase("""{"imageUrl":"http://0.0.0.0/x"}""", "imageUrl")]
    [TestCase("""{"imageUrl":"http://10.0.0.1/x.png"}""", "imageUrl")]
    [TestCase("""{"imageUrl":"http://169.254.169.254/latest/meta-data/"}""", "imageUrl")]
    [TestCase("""{"imageUrl":"http://metadata.google.internal/"}""", "imageUrl")]
    [TestCase("""{"imageUrl":"https://example.com/a","webhook":"https://10.0.0.1/hook"}""", "webhook")]
    [TestCase("""{"imageUrl":"https://example.com/a","webhook":"https://[fe80::1]/hook"}""", "webhook")]
    [TestCase("""{"imageUrl":"https://example.com/a","webhook":"https://168.63.129.16/hook"}""", "webhook")]
    [TestCase("""{"imageUrl":"https://example.com/a","webhook":"http://example.com/hook"}""", "webhook")]
    [TestCase("""{"imageUrl":"https://example.com/a","extra":1}""", "extra")]
    [TestCase("not json", "JSON")]
    public async Task A_bad_request_gets_400_and_names_what_is_wrong(string body, string named)
    {
        using var response = await _host.SubmitAsync(body);
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain(named));
    }

    [TestCase("name")]
    [TestCase("number")]
    public async Task A_name_or_a_number_of_more_than_a_kilobyte_gets_400(string what)
    {
        var body = what == "name" ? $$"""{"{{new string('a', 1025)}}":1}"""
            : $$"""{"size":{{new string('1', 1025)}}}""";
        using var response = await _host.SubmitAsync(body);
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
        Assert.That((await response.JsonAsync()).Text("message"),
            Does.StartWith("The body has a name or a number of more than 1,024 bytes"));
    }

    [TestCase("\\n", true)]
    [TestCase("\\r", true)]
    [TestCase("\\t", true)]
    [TestCase("\\/", true)]
    [TestCase("\\u0041", true)]
    [TestCase("\\b", false)]
    [TestCase("\\f", false)]
    [TestCase("\\\"", false)]
    [TestCase("\\u00e9", false)]
    public async Task A_long_image_may_have_escaped_line_breaks_and_base64_but_nothing_else(string escape,
        bool isAllowed)
    {
        // In whole groups of four, whatever the escape stands for.
        var filler = escape is "\\/" or "\\u0041" ? "AAA" : "";
        var image = new string('A', 100_000) + escape + filler;
        using var response = await _host.SubmitAsync($$"""{"imageUrl":"data:image/png;base64,{{image}}"}""");
        Assert.That((int)response.StatusCode, Is.EqualTo(isAllowed ? 202 : 400));
        if (!isAllowed)
            Assert.That((await response.JsonAsync()).Text("message"), Does.StartWith("imageUrl").And.Contain("base64"));
    }

    [Test]
    public async Task A_body_in_broken_chunks_gets_400()
    {
        var address = _host.Client.BaseAddress!;
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("POST /v2/artworks/remove-background HTTP/1.1\r\n"
            + $"Host: {address.Authority}\r\nAuthorization: Bearer {_host.Secrets.ApiKey}\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nno length\r\n"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var response = await reader.ReadToEndAsync();
        Assert.That(response, Does.StartWith("HTTP/1.1 400 "));
        Assert.That(response, Does.Contain("The body could not be read to its end."));
    }

    [TestCase("/v2/artworks/remove-background")]
    [TestCase("/v2/artworks/batch")]
    [TestCase("/v1.0/removebg")]
    public async Task A_body_with_a_million_fields_gets_a_short_400(string route)
    {
        var fields = string.Join(",", Enumerable.Range(0, 1_000_000).Select(i => $"\"{i:x}\":1"));
        foreach (var body in new[] { $$"""{{{fields}}}""", $$"""{"artworks":[{{{fields}}}]}""", """{"a":"\ud800"}""" })
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await _host.Client.PostAsync(route, content);
            Assert.That((int)response.StatusCode, Is.EqualTo(400));
            Assert.That((await response.Content.ReadAsByteArrayAsync()).Length, Is.LessThan(8 * 1024));
        }
    }

    [TestCase("text/plain")]
    [TestCase("application/xml")]
    [TestCase("application/json; charset=utf-16")]
    public async Task Another_content_type_gets_400(string contentType)
    {
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await _host.Client.PostAsync("/v2/artworks/remove-background", content);
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain("Content-Type"));
    }

    [Test]
    public async Task A_body_over_16_MiB_gets_400()
    {
        using var response = await _host.SubmitAsync(new string(' ', 16 * 1024 * 1024 + 1));
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain("16 MiB"));
    }
}
