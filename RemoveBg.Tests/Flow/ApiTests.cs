using System.Text;
using RemoveBg.Core.Access;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The API without workers: artworks stay starting.</summary>
[NonParallelizable] // It changes the environment.
public sealed class ApiTests
{
    private const string Photo = "https://images.example.com/photo.jpg";
    private RunningHost _host = null!;

    [OneTimeSetUp]
    public async Task Start() => _host = await RunningHost.StartAsync(takesWork: false);

    [OneTimeTearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [TestCase("1", "https", "https")]
    [TestCase("1", "http, https", "https")]
    [TestCase("1", null, "http")]
    [TestCase("0", "https", "http")]
    public async Task Operation_location_has_the_scheme_that_the_trusted_proxy_saw(string hops, string? told,
        string scheme)
    {
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Access:ProxyHops"] = hops },
            takesWork: false);
        using var response = await host.SubmitAsync(new { imageUrl = "https://images.example.com/photo.jpg" },
            told is null ? [] : [("X-Forwarded-Proto", told)]);
        Assert.That(response.Headers.GetValues("Operation-Location").Single(), Does.StartWith($"{scheme}://"));
    }

    [Test]
    public async Task Loopback_can_be_refused_in_development_too()
    {
        await using var strict = await StartStrictAsync();
        using var response = await strict.SubmitAsync(new { imageUrl = "http://127.0.0.1:8080/x.png",
            webhook = "https://localhost/hook" });
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain("imageUrl").And.Contain("webhook"));
        using var lenient = await _host.SubmitAsync(new { imageUrl = "http://127.0.0.1:8080/x.png",
            webhook = "http://localhost:5000/hook" });
        Assert.That((int)lenient.StatusCode, Is.EqualTo(202));
    }

    [TestCase(null)]
    [TestCase("rbg_nobody-has-this-one")]
    [TestCase("")]
    public async Task A_missing_or_unknown_key_gets_401(string? key)
    {
        using var client = _host.ClientWith(key);
        using var response = await client.GetAsync("/v2/artworks");
        await Errors.AssertShapeAsync(response, 401, "Unauthorized");
        Assert.That(response.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer"));
    }

    [Test]
    public async Task A_key_may_come_in_X_Api_Key()
    {
        using var client = _host.ClientWith(null);
        client.DefaultRequestHeaders.Add("X-Api-Key", _host.Secrets.ApiKey);
        using var response = await client.GetAsync("/v2/artworks");
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
    }

    [Test]
    public async Task A_key_that_is_disabled_expired_or_without_the_scope_gets_403()
    {
        var keys = new[]
        {
            await _host.AddKeyAsync("disabled", isEnabled: false),
            await _host.AddKeyAsync("expired", expiresAt: TimeProvider.System.GetUtcNow().AddSeconds(-1)),
            await _host.AddKeyAsync("reader", scopes: [Scopes.Read]),
        };
        foreach (var key in keys)
        {
            using var client = _host.ClientWith(key);
            using var response = await client.PostAsync("/v2/artworks/remove-background",
                new StringContent($$"""{"imageUrl":"{{Photo}}"}""", Encoding.UTF8, "application/json"));
            await Errors.AssertShapeAsync(response, 403, "Forbidden");
        }
    }

    [Test]
    public async Task A_request_over_the_rate_gets_429_with_retry_after()
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("slow", ratePerMinute: 1, burst: 2));
        for (var i = 0; i < 2; i++) using (var accepted = await PostAsync(client))
            Assert.That((int)accepted.StatusCode, Is.EqualTo(202));
        using var response = await PostAsync(client);
        await Errors.AssertShapeAsync(response, 429, "Too Many Requests");
        Assert.Multiple(() =>
        {
            Assert.That(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, Is.InRange(1, 60));
            Assert.That(response.Headers.GetValues("RateLimit-Policy").Single(), Is.EqualTo("\"submit\";q=1;w=60"));
            Assert.That(response.Headers.GetValues("RateLimit").Single(), Does.Match("^\"submit\";r=0;t=\\d+$"));
        });
        using var others = await _host.SubmitAsync(new { imageUrl = Photo });
        Assert.That((int)others.StatusCode, Is.EqualTo(202), "another key is not touched");
    }

    [Test]
    public async Task A_key_that_submits_too_fast_is_held_to_its_rate_and_does_not_slow_another()
    {
        using var greedy = _host.ClientWith(await _host.AddKeyAsync("greedy", ratePerMinute: 1, burst: 10));
        using var modest = _host.ClientWith(await _host.AddKeyAsync("modest", ratePerMinute: 60, burst: 10));
        var (accepted, refused) = (0, 0);
        for (var i = 0; i < 10; i++)
        {
            foreach (var response in new[] { await PostAsync(greedy), await PostAsync(greedy) })
                using (response)
                    if ((int)response.StatusCode == 202) accepted++;
                    else if (response.Headers.RetryAfter is not null && (int)response.StatusCode == 429) refused++;
            using var other = await PostAsync(modest);
            Assert.That((int)other.StatusCode, Is.EqualTo(202));
        }
        Assert.That((accepted, refused), Is.EqualTo((10, 10)), "the burst, and no more within a minute");
    }

    private static async Task<RunningHost> StartStrictAsync()
    {
        Environment.SetEnvironmentVariable("REMOVEBG_DEV_LOOPBACK", "false");
        try
        {
            return await RunningHost.StartAsync(takesWork: false);
        }
        finally
        {
            Environment.SetEnvironmentVariable("REMOVEBG_DEV_LOOPBACK", null);
        }
    }

    [Test]
    public async Task The_rate_holds_over_two_hosts_on_one_storage()
    {
        await using var second = await RunningHost.StartAsync(takesWork: false, storage: _host.ConnectionString);
        var key = await _host.AddKeyAsync("shared", ratePerMinute: 1, burst: 4);
        using HttpClient one = _host.ClientWith(key), other = second.ClientWith(key);
        var answers = new List<int>();
        for (var i = 0; i < 8; i++) using (var response = await PostAsync(i % 2 == 0 ? one : other))
            answers.Add((int)response.StatusCode);
        Assert.That(answers.Count(status => status == 202), Is.EqualTo(4), string.Join(' ', answers));
    }

    [TestCase("00000000-0000-7000-8000-000000000000")]
    [TestCase("not-an-id")]
    public async Task An_unknown_artwork_gets_404(string id)
    {
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            using var response = await _host.Client.SendAsync(new(method, $"/v2/artworks/{id}"));
            await Errors.AssertShapeAsync(response, 404, null);
        }
    }

    [Test]
    public async Task Another_keys_artwork_gets_404()
    {
        var id = await SubmitAsync();
        using var stranger = _host.ClientWith(await _host.AddKeyAsync("stranger"));
        using var response = await stranger.GetAsync($"/v2/artworks/{id}");
        await Errors.AssertShapeAsync(response, 404, null);
    }

    [Test]
    public async Task The_same_idempotency_key_and_body_give_the_same_artwork()
    {
        using var first =
            await _host.SubmitAsync(new { imageUrl = Photo, outputFormat = "png" }, ("Idempotency-Key", "\"order-7\""));
        using var again =
            await _host.SubmitAsync(new { outputFormat = "png", imageUrl = Photo }, ("Idempotency-Key", "order-7"));
        Assert.That(((int)first.StatusCode, (int)again.StatusCode), Is.EqualTo((202, 202)));
        Assert.That((await again.JsonAsync()).GetRawText(), Is.EqualTo((await first.JsonAsync()).GetRawText()));
    }

    [Test]
    public async Task Twenty_at_once_with_one_idempotency_key_are_one_artwork()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var response = await _host.SubmitAsync(new { imageUrl = Photo }, ("Idempotency-Key", "all-at-once"));
            return (await response.JsonAsync()).Text("id");
        }));
        Assert.That(ids.Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task An_idempotency_key_of_a_deleted_artwork_starts_no_second_job()
    {
        using var first = await _host.SubmitAsync(new { imageUrl = Photo }, ("Idempotency-Key", "order-9"));
        var id = (await first.JsonAsync()).Text("id");
        using (var deleted = await _host.Client.DeleteAsync($"/v2/artworks/{id}"))
            Assert.That((int)deleted.StatusCode, Is.EqualTo(204));
        using var again = await _host.SubmitAsync(new { imageUrl = Photo }, ("Idempotency-Key", "order-9"));
        await Errors.AssertShapeAsync(again, 400, "Bad Request");
        Assert.That((await again.JsonAsync()).Text("message"), Does.Contain("Idempotency-Key").And.Contain("deleted"));
        using var gone = await _host.Client.GetAsync($"/v2/artworks/{id}");
        Assert.That((int)gone.StatusCode, Is.EqualTo(404));
    }

    [Test]
    public async Task The_same_idempotency_key_with_another_body_gets_400()
    {
        using var first = await _host.SubmitAsync(new { imageUrl = Photo }, ("Idempotency-Key", "order-8"));
        using var other = await _host.SubmitAsync(new { imageUrl = Photo + "?v=2" }, ("Idempotency-Key", "order-8"));
        await Errors.AssertShapeAsync(other, 400, "Bad Request");
        Assert.That((await other.JsonAsync()).Text("message"), Does.Contain("Idempotency-Key"));
    }

    [Test]
    public async Task The_list_is_the_keys_own_newest_first_in_pages()
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("lister"));
        var ids = new List<string>();
        for (var i = 0; i < 5; i++) using (var response = await PostAsync(client))
            ids.Insert(0, (await response.JsonAsync()).Text("id")!);

        var (seen, url) = (new List<string>(), "/v2/artworks?limit=2");
        for (var page = 0; url is not null; page++)
        {
            Assert.That(page, Is.LessThan(3));
            using var response = await client.GetAsync(url);
            var body = await response.JsonAsync();
            seen.AddRange(body.GetProperty("items").EnumerateArray().Select(item => item.Text("id")!));
            url = body.Text("nextCursor") is { } cursor ? $"/v2/artworks?limit=2&cursor={cursor}" : null;
        }
        Assert.That(seen, Is.EqualTo(ids));
    }

    [Test]
    public async Task The_list_can_be_narrowed_to_a_status()
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("narrower"));
        using var one = await PostAsync(client);
        using var two = await PostAsync(client);
        var canceled = (await one.JsonAsync()).Text("id");
        using (await client.PostAsync($"/v2/artworks/{canceled}/cancel", null)) { }
        using var response = await client.GetAsync("/v2/artworks?status=canceled");
        Assert.That((await response.JsonAsync()).GetProperty("items").EnumerateArray().Select(item => item.Text("id")),
            Is.EqualTo(new[] { canceled }));
    }

    [TestCase("limit=0", "limit")]
    [TestCase("limit=101", "limit")]
    [TestCase("limit=many", "limit")]
    [TestCase("cursor=x", "cursor")]
    [TestCase("status=done", "status")]
    public async Task A_bad_list_parameter_gets_400_and_named(string query, string named)
    {
        using var response = await _host.Client.GetAsync($"/v2/artworks?{query}");
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain(named));
    }

    [Test]
    public async Task Canceling_twice_gives_the_same_canceled_artwork()
    {
        var id = await SubmitAsync();
        using var first = await _host.Client.PostAsync($"/v2/artworks/{id}/cancel", null);
        using var second = await _host.Client.PostAsync($"/v2/artworks/{id}/cancel", null);
        Assert.That((await first.JsonAsync()).Text("status"), Is.EqualTo("canceled"));
        Assert.That(await second.Content.ReadAsStringAsync(), Is.EqualTo(await first.Content.ReadAsStringAsync()));
    }

    [Test]
    public async Task A_deleted_artwork_is_gone_also_from_the_list()
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("deleter"));
        using var submitted = await PostAsync(client);
        var id = (await submitted.JsonAsync()).Text("id");
        using (var deleted = await client.DeleteAsync($"/v2/artworks/{id}"))
            Assert.That((int)deleted.StatusCode, Is.EqualTo(204));
        using var read = await client.GetAsync($"/v2/artworks/{id}");
        Assert.That((int)read.StatusCode, Is.EqualTo(404));
        using var list = await client.GetAsync("/v2/artworks");
        Assert.That((await list.JsonAsync()).GetProperty("items").GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Redelivering_without_a_webhook_gets_400()
    {
        using var response =
            await _host.Client.PostAsync($"/v2/artworks/{await SubmitAsync()}/webhook-deliveries/redeliver", null);
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
    }

    [TestCase("wait=0")]
    [TestCase("wait=61")]
    [TestCase("wait=soon")]
    public async Task A_bad_wait_gets_400(string prefer)
    {
        using var response = await _host.SubmitAsync(new { imageUrl = Photo }, ("Prefer", prefer));
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
    }

    [Test]
    public async Task A_wait_that_is_too_short_gets_202()
    {
        using var response = await _host.SubmitAsync(new { imageUrl = Photo }, ("Prefer", "respond-async, wait=1"));
        Assert.That((int)response.StatusCode, Is.EqualTo(202));
        Assert.That((await response.JsonAsync()).Text("status"), Is.EqualTo("starting"));
    }

    [TestCase("/healthz")]
    [TestCase("/readyz")]
    public async Task Health_needs_no_key(string route)
    {
        using var client = _host.ClientWith(null);
        using var response = await client.GetAsync(route);
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
    }

    private async Task<string> SubmitAsync()
    {
        using var response = await _host.SubmitAsync(new { imageUrl = Photo });
        return (await response.JsonAsync()).Text("id")!;
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client) =>
        client.PostAsync("/v2/artworks/remove-background",
            new StringContent($$"""{"imageUrl":"{{Photo}}"}""", Encoding.UTF8, "application/json"));
}
