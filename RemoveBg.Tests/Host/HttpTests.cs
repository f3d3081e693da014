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
