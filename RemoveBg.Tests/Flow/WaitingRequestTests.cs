using System.Net;
using System.Text;
using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The limit of waiting requests per key and instance. No artwork ends by itself in these tests.</summary>
[TestFixture(HostKind.SelfHost)]
[TestFixture(HostKind.Worker)]
internal sealed class WaitingRequestTests(HostKind kind)
{
    private const string Submit = "/v2/artworks/remove-background";
    private static readonly string Photo = JsonSerializer.Serialize(new
        { imageUrl = "https://images.example.com/photo.jpg" });

    private HostUnderTest _host = null!;
    private string _key = null!, _id = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await HostUnderTest.StartAsync(kind,
        new Dictionary<string, string> { ["RemoveBg:Access:WaitingRequests"] = "2" }, takesWork: false);

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [SetUp]
    public async Task AddKeyAsync()
    {
        _key = await _host.AddKeyAsync(Guid.NewGuid().ToString());
        _id = await SubmittedAsync();
    }

    [Test]
    public async Task The_third_waiting_request_of_a_key_is_refused_and_other_requests_are_not()
    {
        using var first = await WatchAsync(_id);
        using var second = await WatchAsync(_id);
        foreach (var (method, path, prefer) in new[] { (HttpMethod.Get, $"/v2/artworks/{_id}/events", null),
            (HttpMethod.Post, Submit, "wait=60") })
        {
            using var refused = await SendAsync(method, path, prefer: prefer);
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests), path);
            Assert.That(refused.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(5)));
            Assert.That((await refused.JsonAsync()).Text("message"),
                Does.Contain("2 waiting requests").And.Contain("poll GET /v2/artworks/{id}"));
        }
        using (var dropIn = await SendAsync(HttpMethod.Post, "/v1.0/removebg"))
        {
            Assert.That(dropIn.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
            Assert.That((await dropIn.JsonAsync()).GetProperty("errors")[0].Text("code"),
                Is.EqualTo("rate_limit_exceeded"));
        }

        using (var poll = await SendAsync(HttpMethod.Get, $"/v2/artworks/{_id}"))
            Assert.That(poll.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        using (var list = await SendAsync(HttpMethod.Get, "/v2/artworks"))
            Assert.That((await list.JsonAsync()).GetProperty("items").GetArrayLength(), Is.EqualTo(1),
                "what was refused was not accepted");
        _key = await _host.AddKeyAsync("another");
        using var others = await WatchAsync(await SubmittedAsync());
    }

    [Test]
    public async Task A_client_that_leaves_its_stream_frees_the_place()
    {
        using var first = await WatchAsync(_id);
        (await WatchAsync(_id)).Dispose();
        await Eventually.HoldsAsync(async () =>
        {
            using var next = await SendAsync(HttpMethod.Get, $"/v2/artworks/{_id}/events");
            return next.StatusCode == HttpStatusCode.OK;
        }, "the place is free");
    }

    [Test]
    public async Task Who_sees_a_stream_end_has_the_place_back()
    {
        using var first = await WatchAsync(_id);
        for (var time = 0; time < 5; time++)
        {
            var id = await SubmittedAsync();
            using var second = await WatchAsync(id);
            using (var canceled = await SendAsync(HttpMethod.Post, $"/v2/artworks/{id}/cancel"))
                Assert.That(canceled.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(await second.Content.ReadAsStringAsync(), Does.Contain("canceled"));
        }
    }

    [Test]
    public async Task Who_has_waited_in_vain_has_the_place_back()
    {
        using var first = await WatchAsync(_id);
        for (var time = 0; time < 2; time++)
        {
            using var waited = await SendAsync(HttpMethod.Post, Submit, prefer: "wait=1");
            Assert.That(waited.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        }
    }

    [Test]
    public async Task A_refused_submission_and_a_HEAD_keep_no_place()
    {
        for (var time = 0; time < 3; time++)
        {
            using var invalid = await SendAsync(HttpMethod.Post, Submit, "{}", "wait=60");
            Assert.That(invalid.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            using var head = await SendAsync(HttpMethod.Head, $"/v2/artworks/{_id}/events");
            Assert.That(head.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }
        using var first = await WatchAsync(_id);
        using var second = await WatchAsync(_id);
    }

    /// <summary>Opens a stream; its headers come with the first event.</summary>
    private async Task<HttpResponseMessage> WatchAsync(string id)
    {
        var response = await SendAsync(HttpMethod.Get, $"/v2/artworks/{id}/events");
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return response;
    }

    private async Task<string> SubmittedAsync()
    {
        using var response = await SendAsync(HttpMethod.Post, Submit);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        return (await response.JsonAsync()).Text("id")!;
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null,
        string? prefer = null)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new("Bearer", _key);
        request.Headers.Add("X-Api-Key", _key);
        if (prefer is not null) request.Headers.Add("Prefer", prefer);
        if (method == HttpMethod.Post && !path.EndsWith("/cancel", StringComparison.Ordinal))
            request.Content = new StringContent(body ?? Photo, Encoding.UTF8, "application/json");
        return _host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
