using System.Net;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

/// <summary>The pages as HTTP sees them.</summary>
public sealed class WebTests
{
    private RunningHost _host = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _host = await RunningHost.StartAsync(takesWork: false);
        _client = _host.ClientWith(null);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [TestCase("127.0.0.1", true)]
    [TestCase("localhost", true)]
    [TestCase("removebg.example.com", false)]
    [TestCase("127.0.0.1.example.com", false)]
    public async Task The_development_key_is_given_only_under_a_loopback_name(string name, bool isGiven)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = name;
        using var response = await _client.SendAsync(request);
        Assert.That((await response.Content.ReadAsStringAsync())
            .Contains(_host.Secrets.ApiKey, StringComparison.Ordinal), Is.EqualTo(isGiven));
    }

    [TestCase("Forwarded", "for=203.0.113.7")]
    [TestCase("X-Forwarded-For", "127.0.0.1")]
    [TestCase("x-forwarded-proto", "https")]
    [TestCase("X-Forwarded-Host", "removebg.example.com")]
    [TestCase("Via", "1.1 tunnel")]
    [TestCase("X-Real-IP", "203.0.113.7")]
    [TestCase("X-Client-IP", "203.0.113.7")]
    [TestCase("True-Client-IP", "203.0.113.7")]
    [TestCase("CF-Connecting-IP", "203.0.113.7")]
    [TestCase("CF-Ray", "8a1b2c3d4e5f-FRA")]
    [TestCase("Tailscale-User-Login", "someone@example.com")]
    [TestCase("X-Envoy-External-Address", "203.0.113.7")]
    public async Task The_development_key_is_not_given_through_a_proxy_or_tunnel(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = "localhost";
        request.Headers.TryAddWithoutValidation(header, value);
        using var response = await _client.SendAsync(request);
        var page = await response.Content.ReadAsStringAsync();
        Assert.That(page, Does.Contain("developmentKey").And.Not.Contain(_host.Secrets.ApiKey));
    }

    [TestCase("/")]
    [TestCase("/docs")]
    public async Task A_page_may_only_run_and_call_its_own_origin(string path)
    {
        using var response = await _client.GetAsync(path);
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.That(policy, Does.Contain("default-src 'none'").And.Contain("script-src 'self';").And
            .Contain("connect-src 'self';").And.Contain("frame-ancestors 'none'").And.Not.Contain("unsafe-eval"));
        Assert.That(path == "/" && policy.Contains("unsafe-inline", StringComparison.Ordinal), Is.False);
    }

    [TestCase("/assets/studio.js", "text/javascript")]
    [TestCase("/assets/scalar.js", "text/javascript")]
    [TestCase("/openapi.json", "application/json")]
    public async Task A_text_is_compressed_once_and_only_for_clients_that_accept_it(string path, string type)
    {
        using var plain = await _client.GetAsync(path);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.AcceptEncoding.ParseAdd("gzip, br");
        using var zipped = await _client.SendAsync(request);
        Assert.Multiple(async () =>
        {
            Assert.That(plain.Content.Headers.ContentType!.MediaType, Is.EqualTo(type));
            Assert.That(plain.Content.Headers.ContentEncoding, Is.Empty);
            Assert.That(zipped.Content.Headers.ContentEncoding, Is.EqualTo(new[] { "gzip" }));
            await using var unzip = new System.IO.Compression.GZipStream(await zipped.Content.ReadAsStreamAsync(),
                System.IO.Compression.CompressionMode.Decompress);
            using var content = new MemoryStream();
            await unzip.CopyToAsync(content);
            Assert.That(content.ToArray(), Is.EqualTo(await plain.Content.ReadAsByteArrayAsync()));
        });
        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(plain.Headers.ETag!);
        using var unchanged = await _client.SendAsync(again);
        Assert.That(unchanged.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
    }

    /// <summary>TypeScript reads the types that the modules' comments declare.</summary>
    [Test]
    public async Task The_modules_of_the_page_pass_the_type_check()
    {
        using var check = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("node",
            [Path.Combine(Repo.Root, "node_modules", "typescript", "bin", "tsc"), "--project",
                Path.Combine(Repo.Root, "RemoveBg.Functions", "Web", "jsconfig.json")]) {
            RedirectStandardOutput = true })!;
        var problems = await check.StandardOutput.ReadToEndAsync();
        await check.WaitForExitAsync();
        Assert.That((check.ExitCode, problems), Is.EqualTo((0, "")));
    }

    [TestCase("/assets/index.html")]
    [TestCase("/assets/jsconfig.json")]
    [TestCase("/assets/..%2fappsettings.json")]
    [TestCase("/assets/nothing.js")]
    public async Task An_unknown_asset_gets_404(string path)
    {
        using var response = await _client.GetAsync(path);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }
}
