using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Functions.Http;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Rates of calls that submit nothing, and of callers without a valid key, on a clock that the tests
/// move.</summary>
public sealed class RequestRateTests
{
    private const string Photo = "https://images.example.com/photo.jpg", Forwarded = "X-Forwarded-For";
    private const int Requests = 60, Strangers = 5;

    private FakeTimeProvider _clock = null!;
    private RunningHost _host = null!;

    [SetUp]
    public Task Start() => StartAsync(proxyHops: 1);

    [TearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [TestCase("GET", "", 1)]
    [TestCase("GET", "/events", 10)]
    [TestCase("GET", "/webhook-deliveries", 1)]
    [TestCase("POST", "/cancel", 1)]
    public async Task Calls_for_an_artwork_over_the_keys_rate_get_429(string method, string path, int cost)
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("caller", ratePerMinute: 1, burst: 1));
        using var submitted = await _host.SubmitAsync(new { imageUrl = Photo }, client);
        var id = (await submitted.JsonAsync()).Text("id");
        using (await client.PostAsync($"/v2/artworks/{id}/cancel", null)) { }
        await AssertLimitedAsync(client, method, $"/v2/artworks/{id}{path}", cost, alreadySent: 1);
    }

    [Test]
    public async Task Lists_over_the_keys_rate_get_429()
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("lister", ratePerMinute: 1, burst: 1));
        await AssertLimitedAsync(client, "GET", "/v2/artworks", cost: 10, alreadySent: 0);
    }

    [Test]
    public async Task Whoever_guesses_keys_gets_429_and_a_key_that_was_used_before_still_works()
    {
        using var known = From("203.0.113.7", _host.Secrets.ApiKey);
        using (var before = await known.GetAsync("/v2/artworks")) AssertStatus(before, 200);
        using var stranger = await UsedUpAsync("203.0.113.7");
        using var refused = await stranger.GetAsync("/v2/artworks");
        await Errors.AssertShapeAsync(refused, 429, "Too Many Requests");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(12)));
            Assert.That(refused.Headers.GetValues("RateLimit-Policy").Single(), Is.EqualTo("\"address\";q=5;w=60"));
            Assert.That(refused.Headers.GetValues("RateLimit").Single(), Does.StartWith("\"address\";r=0;t="));
        });
        using (var during = await known.GetAsync("/v2/artworks")) AssertStatus(during, 200);
        using (var other = From("203.0.113.8", "rbg_wrong"))
        using (var unknown = await other.GetAsync("/v2/artworks")) AssertStatus(unknown, 401);
        _clock.Advance(TimeSpan.FromSeconds(12));
        using (var later = await stranger.GetAsync("/v2/artworks")) AssertStatus(later, 401);
    }

    [Test]
    public async Task Valid_keys_do_not_use_up_their_addresss_rate()
    {
        for (var i = 0; i < 2 * Strangers; i++)
        {
            using var client = From("203.0.113.7", await _host.AddKeyAsync($"colleague {i}"));
            using var response = await client.GetAsync("/v2/artworks");
            AssertStatus(response, 200);
        }
    }

    [TestCase("198.51.100.1, 203.0.113.7", Description = "an invented entry")]
    [TestCase("203.0.113.7:50123", Description = "with a port")]
    [TestCase("::ffff:203.0.113.7", Description = "mapped to IPv6")]
    public async Task Only_the_trusted_proxys_entry_of_X_Forwarded_For_counts(string header)
    {
        (await UsedUpAsync("203.0.113.7")).Dispose();
        using var client = From(header, "rbg_wrong");
        using var response = await client.GetAsync("/v2/artworks");
        AssertStatus(response, 429);
    }

    [Test]
    public async Task A_spoofed_address_locks_nobody_out()
    {
        // The proxy appends the attacker's own address.
        (await UsedUpAsync("203.0.113.7, 198.51.100.66")).Dispose();
        using var client = From("203.0.113.7", "rbg_wrong");
        using var response = await client.GetAsync("/v2/artworks");
        AssertStatus(response, 401);
    }

    [Test]
    public async Task Without_a_proxy_X_Forwarded_For_does_not_count()
    {
        await _host.DisposeAsync();
        await StartAsync(proxyHops: 0);
        for (var i = 1; i <= Strangers + 1; i++)
        {
            using var client = From($"203.0.113.{i}", "rbg_wrong");
            using var response = await client.GetAsync("/v2/artworks");
            AssertStatus(response, i <= Strangers ? 401 : 429);
        }
    }

    [Test]
    public async Task Addresses_of_one_64_share_their_rate()
    {
        (await UsedUpAsync("2001:db8:1:2::1")).Dispose();
        using var neighbour = From("2001:db8:1:2:ffff::2", "rbg_wrong");
        using (var response = await neighbour.GetAsync("/v2/artworks")) AssertStatus(response, 429);
        using var other = From("2001:db8:1:3::1", "rbg_wrong");
        using (var response = await other.GetAsync("/v2/artworks")) AssertStatus(response, 401);
    }

    [Test]
    public async Task The_drop_in_route_limits_strangers_in_its_own_shape()
    {
        (await UsedUpAsync("203.0.113.7")).Dispose();
        using var client = From("203.0.113.7", "rbg_wrong");
        using var response = await client.PostAsync("/v1.0/removebg", new FormUrlEncodedContent([]));
        AssertStatus(response, 429);
        Assert.That((await response.JsonAsync()).GetProperty("errors")[0].Text("code"),
            Is.EqualTo("rate_limit_exceeded"));
        Assert.That(response.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(12)));
    }

    [TestCase("", 1, "192.0.2.1", Description = "no header")]
    [TestCase("198.51.100.1", 2, "192.0.2.1", Description = "around one of the proxies")]
    [TestCase("unknown", 1, "192.0.2.1", Description = "no address")]
    [TestCase("198.51.100.1, 10.0.0.1", 2, "198.51.100.1")]
    [TestCase("[2001:db8::1]:443", 1, "2001:db8::/64")]
    public void The_address_is_the_peers_unless_the_header_proves_another(string header, int proxyHops, string expected)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.1");
        if (header.Length > 0) context.Request.Headers[Forwarded] = header;
        Assert.That(CallerAddress.Of(context.Request, proxyHops), Is.EqualTo(expected));
    }

    private async Task StartAsync(int proxyHops)
    {
        _clock = new(TimeProvider.System.GetUtcNow());
        _host = await RunningHost.StartAsync(
            new()
            {
                ["RemoveBg:Access:RequestsPerMinute"] = $"{Requests}",
                ["RemoveBg:Access:RequestBurst"] = $"{Requests}",
                ["RemoveBg:Access:StrangerRequestsPerMinute"] = $"{Strangers}",
                ["RemoveBg:Access:ProxyHops"] = $"{proxyHops}",
            },
            services => services.AddSingleton<TimeProvider>(_clock), takesWork: false);
    }

    private async Task AssertLimitedAsync(HttpClient client, string method, string path, int cost, int alreadySent)
    {
        for (var sent = alreadySent + cost; sent <= Requests; sent += cost)
            using (var response = await SendAsync()) AssertStatus(response, 200);
        using var refused = await SendAsync();
        AssertStatus(refused, 429);
        var wait = refused.Headers.RetryAfter!.Delta!.Value;
        Assert.That(refused.Headers.GetValues("RateLimit-Policy").Single(), Is.EqualTo("\"request\";q=60;w=60"));
        Assert.That(refused.Headers.GetValues("RateLimit").Single(), Does.StartWith("\"request\";r=0;t="));
        using (var other = await _host.Client.GetAsync("/v2/artworks")) AssertStatus(other, 200);
        _clock.Advance(wait);
        using (var again = await SendAsync()) AssertStatus(again, 200);

        async Task<HttpResponseMessage> SendAsync()
        {
            using var request = new HttpRequestMessage(new(method), path);
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
    }

    /// <summary>A client without a valid key that has used up its address's rate.</summary>
    private async Task<HttpClient> UsedUpAsync(string forwardedFor)
    {
        var client = From(forwardedFor, "rbg_wrong");
        for (var i = 0; i < Strangers; i++)
            using (var response = await client.GetAsync("/v2/artworks")) AssertStatus(response, 401);
        return client;
    }

    private HttpClient From(string forwardedFor, string key)
    {
        var client = _host.ClientWith(key);
        client.DefaultRequestHeaders.TryAddWithoutValidation(Forwarded, forwardedFor);
        return client;
    }

    private static void AssertStatus(HttpResponseMessage response, int status) =>
        Assert.That((int)response.StatusCode, Is.EqualTo(status));
}
