using System.Net;
using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>Responses that both hosts share.</summary>
[TestFixture(HostKind.SelfHost)]
[TestFixture(HostKind.Worker)]
internal sealed class HttpTests(HostKind kind)
{
    private const int MiB = 1024 * 1024;
    private const string Submit = "/v2/artworks/remove-background";
    private const string Json = "Content-Type: application/json";
    private const string Form = "Content-Type: multipart/form-data; boundary=x";

    private HostUnderTest _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await HostUnderTest.StartAsync(kind);

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [Test]
    public async Task A_body_above_the_limit_is_refused_however_the_client_sends_it(
        [Values(Submit, "/v2/artworks/batch", "/v1.0/removebg")] string path,
        [Values(Json, Form)] string type, [Values(37 * MiB, 99 * MiB)] int bytes, [Values] bool isChunked)
    {
        var (status, head, body) = await _host.SendRawAsync("POST", path, [type, WithKey], bytes, isChunked);
        Assert.That(status, Is.EqualTo(400), $"{head}\n\n{body}");
        Assert.That(head, Does.Contain("Content-Type: application/json"));
        Assert.That(body, Does.Contain(path.StartsWith("/v1", StringComparison.Ordinal) ? "errors" : "statusCode"));
    }

    [Test]
    public async Task A_large_body_with_a_wrong_key_gets_401(
        [Values(37 * MiB, 99 * MiB)] int bytes, [Values] bool isChunked)
    {
        var (status, head, body) = await _host.SendRawAsync(
            "POST", Submit, [Json, "Authorization: Bearer wrong"], bytes, isChunked);
        Assert.That(status, Is.EqualTo(401), head);
        Assert.That(body, Does.Contain("\"statusCode\""));
    }

    [Test]
    public async Task A_client_that_sends_expect_need_not_send_a_refused_body(
        [Values("Bearer wrong", null)] string? authorization)
    {
        string[] headers = [Json, authorization is null ? WithKey : $"Authorization: {authorization}"];
        var (status, head, body) = await _host.ExpectAsync("POST", Submit, headers, 99 * MiB);
        Assert.That(status, Is.EqualTo(authorization is null ? 400 : 401), $"{head}\n\n{body}");
        Assert.That(body, Does.Contain("\"statusCode\""));
    }

    [TestCase("GET", "/v3/nothing")]
    [TestCase("POST", "/v2")]
    [TestCase("HEAD", "/nothing")]
    [TestCase("PROPFIND", "/v2/artworks/1/2/3")]
    [TestCase("GET", "/v2/artworks/no-such-id")]
    public async Task An_unknown_route_gets_404(string method, string path)
    {
        using var response = await SendAsync(method, path);
        await AssertErrorAsync(response, HttpStatusCode.NotFound, "Not Found");
    }

    [TestCase("PUT", "/v2/artworks", "GET, HEAD")]
    [TestCase("POST", "/", "GET, HEAD")]
    [TestCase("DELETE", "/readyz", "GET, HEAD")]
    [TestCase("PATCH", "/v2/artworks/0e8c66a2-98a7-4f95-8c6b-0b9d1c1a7a55", "DELETE, GET, HEAD")]
    [TestCase("GET", "/v2/artworks/0e8c66a2-98a7-4f95-8c6b-0b9d1c1a7a55/cancel", "POST")]
    [TestCase("PUT", Submit, "POST")]
    [TestCase("GET", Submit, "POST")]
    [TestCase("OPTIONS", Submit, "POST")]
    [TestCase("GET", "/v2/artworks/batch", "POST")]
    public async Task A_method_that_the_route_does_not_have_gets_405(string method, string path, string allowed)
    {
        using var response = await SendAsync(method, path);
        await AssertErrorAsync(response, HttpStatusCode.MethodNotAllowed, "Method Not Allowed");
        Assert.That(string.Join(", ", response.Content.Headers.Allow), Is.EqualTo(allowed));
    }

    [TestCase("/")]
    [TestCase("/docs")]
    [TestCase("/openapi.json")]
    [TestCase("/healthz")]
    [TestCase("/readyz")]
    [TestCase("/v2/artworks")]
    public async Task Head_returns_what_get_returns_without_a_body(string path)
    {
        // The worker loads its network in the background; the self-host has waited for it.
        if (path == "/readyz")
            await Eventually.HoldsAsync(async () => (await _host.Client.GetAsync(path)).IsSuccessStatusCode, "ready");
        using var get = await SendAsync("GET", path);
        using var head = await SendAsync("HEAD", path);
        Assert.That(head.StatusCode, Is.EqualTo(get.StatusCode).And.EqualTo(HttpStatusCode.OK));
        Assert.That(head.Content.Headers.ContentType, Is.EqualTo(get.Content.Headers.ContentType));
        Assert.That(await head.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [Test]
    public async Task Head_of_an_event_stream_ends_at_once()
    {
        var json = JsonSerializer.Serialize(new { imageUrl = "https://images.example.com/photo.jpg" });
        using var submitted = await _host.Client.PostAsync(Submit, new StringContent(json, null, "application/json"));
        var id = (await submitted.JsonAsync()).Text("id");
        using var head = await SendAsync("HEAD", $"/v2/artworks/{id}/events");
        Assert.That(head.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(head.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
    }

    private const string Photo = "https://images.example.com/photo.jpg";

    [TestCase("application/json; charset=\"utf-8\"", $$"""{"imageUrl":"{{Photo}}"}""")]
    [TestCase("application/json;charset=UTF8", $$"""{"imageUrl":"{{Photo}}"}""")]
    [TestCase("Application/JSON; Charset=us-ascii", $$"""{"imageUrl":"{{Photo}}"}""")]
    [TestCase("application/json", "\uFEFF" + $$"""{"imageUrl":"{{Photo}}"}""")]
    [TestCase("application/json", $$"""{"imageUrl":" {{Photo}}\n"}""")]
    [TestCase("application/json", $$"""{"imageUrl":"{{Photo}}","outputFormat":null,"webhook":null,"size":null}""")]
    [TestCase(FormType, "imageUrl:" + Photo + "|webhook:|outputFormat:|crop:|size:")]
    [TestCase(FormType, "imageUrl:" + Photo + "|crop:on")]
    [TestCase(FormType, "imageUrl:" + Photo + "|crop:True|shadow:1|requireForeground:yes")]
    [TestCase(FormType, "imageUrl:" + Photo + "|crop:Off|shadow:0|requireForeground:NO")]
    [TestCase(FormType, "imageUrl:" + Photo + "|image@:")]
    [TestCase(FormType, "image@photo.jpg:bytes|imageUrl:")]
    public async Task What_clients_send_is_accepted(string type, string body)
    {
        using var response = await PostAsync(type, body);
        Assert.That((int)response.StatusCode, Is.EqualTo(202), await response.Content.ReadAsStringAsync());
    }

    [TestCase("application/json", "", "The body is empty")]
    [TestCase("application/json", """{"imageUrl":"https://images.example.com/my photo.jpg"}""", "blank")]
    [TestCase("application/json", """{"imageUrl":"images.example.com/photo.jpg"}""", "must begin with https://")]
    [TestCase("application/json", """{"imageUrl":"/photos/1.jpg"}""", "absolute http or https URL")]
    [TestCase("application/json", """{"imageUrl":"/9j/4AAQSkZJRg=="}""", "base64 without its beginning")]
    [TestCase("application/json; charset=utf-16", $$"""{"imageUrl":"{{Photo}}"}""", "UTF-8")]
    [TestCase(FormType, "imageUrl:" + Photo + "|crop:perhaps", "crop must be true or false")]
    [TestCase(FormType, ":" + Photo, "A part of the form has no name")]
    [TestCase(FormType, "image@photo.jpg:", "The file 'image' is empty")]
    public async Task What_clients_send_by_mistake_is_named(string type, string body, string named)
    {
        using var response = await PostAsync(type, body);
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain(named));
    }

    [TestCase("gzip")]
    [TestCase("br")]
    [TestCase("x-own")]
    public async Task A_body_with_a_content_encoding_is_refused_by_its_name(string encoding)
    {
        using var content = new StringContent($$"""{"imageUrl":"{{Photo}}"}""", null, "application/json");
        content.Headers.ContentEncoding.Add(encoding);
        using var response = await _host.Client.PostAsync(Submit, content);
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain($"Content-Encoding: {encoding}"));
    }

    [Test]
    public async Task A_form_whose_lines_end_in_line_feeds_alone_is_told_so()
    {
        using var content = new StringContent(
            $"--x\nContent-Disposition: form-data; name=\"imageUrl\"\n\n{Photo}\n--x--\n");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", FormType);
        using var response = await _host.Client.PostAsync(Submit, content);
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain("must end in CR LF"));
    }

    [TestCase("GET", "/v2/artworks")]
    [TestCase("GET", "/v2/artworks/0e8c66a2-98a7-4f95-8c6b-0b9d1c1a7a55")]
    [TestCase("POST", Submit)]
    [TestCase("GET", "/no/such/route")]
    public async Task Every_response_has_a_request_id(string method, string path)
    {
        using var response = await SendAsync(method, path);
        Assert.That(response.Headers.GetValues("traceparent").Single(),
            Does.Match("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$"));
    }

    [Test]
    public async Task Artworks_and_lists_are_not_cached_and_events_not_buffered()
    {
        using var submitted = await PostAsync("application/json", $$"""{"imageUrl":"{{Photo}}"}""");
        var id = (await submitted.JsonAsync()).Text("id");
        using var list = await SendAsync("GET", "/v2/artworks");
        using var artwork = await SendAsync("GET", $"/v2/artworks/{id}");
        using var events = await SendAsync("HEAD", $"/v2/artworks/{id}/events");
        Assert.That(list.Headers.CacheControl?.NoStore, Is.True);
        Assert.That(artwork.Headers.CacheControl?.NoStore, Is.True);
        Assert.That(events.Headers.GetValues("X-Accel-Buffering").Single(), Is.EqualTo("no"));
    }

    private const string FormType = "multipart/form-data; boundary=x";

    /// <summary>Posts a submission. A form is written as <c>name:text|name@file:content</c>.</summary>
    private Task<HttpResponseMessage> PostAsync(string type, string body)
    {
        if (type == FormType) body = string.Concat(body.Split('|').Select(Part)) + "--x--\r\n";
        var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return _host.Client.PostAsync(Submit, content);

        static string Part(string written)
        {
            var (head, text) = (written[..written.IndexOf(':')], written[(written.IndexOf(':') + 1)..]);
            var parts = head.Split('@');
            var file = parts.Length > 1 ? $"; filename=\"{parts[1]}\"\r\nContent-Type: application/octet-stream" : "";
            return $"--x\r\nContent-Disposition: form-data; name=\"{parts[0]}\"{file}\r\n\r\n{text}\r\n";
        }
    }

    private string WithKey => $"Authorization: Bearer {_host.Key}";

    private Task<HttpResponseMessage> SendAsync(string method, string path) =>
        _host.Client.SendAsync(new HttpRequestMessage(new(method), path));

    private static async Task AssertErrorAsync(HttpResponseMessage response, HttpStatusCode status, string message)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(status), text);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/json"));
        if (response.RequestMessage!.Method == HttpMethod.Head) return;
        var error = JsonElement.Parse(text);
        Assert.That((error.Text("message"), error.GetProperty("statusCode").GetInt32()),
            Is.EqualTo((message, (int)status)));
    }
}
