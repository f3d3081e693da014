using System.Net;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Network;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>A network with a proxy as its only way out.</summary>
public sealed class OutboundProxyTests
{
    private const string Photo = "http://images.photos-example.net/scene-toycar.jpg";

    private Caller _server = null!;
    private ForwardProxy _proxy = null!;
    private RunningHost _host = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await Caller.StartAsync();
        _server.Serve(Repo.Sample("scene-toycar.jpg"));
        _proxy = new(_server.Url);
        _host = await RunningHost.StartAsync(new()
        {
            ["RemoveBg:Network:OutboundProxy"] = $"http://robot:p%40ss@127.0.0.1:{_proxy.Port}",
        }, services => services.AddSingleton<IAddressLookup, NoNames>());
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _host.DisposeAsync();
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task An_image_comes_through_the_proxy_which_resolves_its_name()
    {
        var artwork = await EndAsync(Photo);
        Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"), artwork.ToString());
        var head = _proxy.Heads.Single(head => head.StartsWith($"GET {Photo} ", StringComparison.Ordinal));
        Assert.That(head, Does.Contain("Host: images.photos-example.net"));
        Assert.That(head, Does.Not.Contain("p@ss"));
    }

    [Test]
    public async Task Https_goes_through_a_tunnel_for_images_and_webhooks()
    {
        using var response = await _host.SubmitAsync(new { imageUrl = "https://secure.photos-example.net/a.jpg",
            webhook = "https://hooks.photos-example.net/done" });
        var artwork = await _host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
        Assert.That(artwork.GetProperty("error").Text("code"), Is.EqualTo(ArtworkFailure.ImageUnreachable));
        await Eventually.HoldsAsync(() => _proxy.Heads.Any(head =>
            head.StartsWith("CONNECT hooks.photos-example.net:443 ", StringComparison.Ordinal)), "a tunnel");
        Assert.That(_proxy.Heads, Has.Some.StartsWith("CONNECT secure.photos-example.net:443 "));
    }

    [TestCase("http://10.0.0.1/a.jpg")]
    [TestCase("http://photos.internal/a.jpg")]
    [TestCase("http://169.254.169.254/latest/meta-data/")]
    public async Task Private_addresses_and_names_are_refused_as_without_a_proxy(string imageUrl)
    {
        using var response = await _host.SubmitAsync(new { imageUrl });
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task A_redirect_to_a_private_address_never_reaches_the_proxy()
    {
        _server.ServePage("/moved.jpg", context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = "http://192.168.0.1/a.jpg";
            return Task.CompletedTask;
        });
        var artwork = await EndAsync("http://images.photos-example.net/moved.jpg");
        Assert.That(artwork.GetProperty("error").Text("code"), Is.EqualTo(ArtworkFailure.ImageUrlBlocked));
        Assert.That(_proxy.Heads, Has.None.Contains("192.168"));
    }

    [Test]
    public async Task This_machines_own_files_do_not_go_through_the_proxy()
    {
        var artwork = await EndAsync(_server.Serve(Repo.Sample("scene-mug.jpg")));
        Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"));
        Assert.That(_proxy.Heads, Has.None.Contains("scene-mug"));
    }

    [TestCase("proxy.example.com:3128")]
    [TestCase("socks5://proxy.example.com")]
    [TestCase("http://proxy.example.com/path")]
    public void A_setting_that_is_no_address_of_a_proxy_is_refused_at_the_start(string setting) => Assert.That(
        async () => await RunningHost.StartAsync(new() { ["RemoveBg:Network:OutboundProxy"] = setting }),
        Throws.Exception.With.Message.Contains("OutboundProxy must be like http://proxy.example.com:3128"));

    private async Task<System.Text.Json.JsonElement> EndAsync(string imageUrl)
    {
        using var response = await _host.SubmitAsync(new { imageUrl });
        return await _host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
    }

    /// <summary>A network without a DNS.</summary>
    private sealed class NoNames : IAddressLookup
    {
        public Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken) =>
            throw new AssertionException($"{host} was looked up.");
    }
}
