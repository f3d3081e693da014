using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Network;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Servers of pictures that lie, stall and mislead.</summary>
public sealed class FetchTests
{
    private RunningHost _host = null!;
    private Caller _server = null!;
    private ImageFetcher _fetcher = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await Caller.Start();
        _host = await RunningHost.Start(new()
        {
            ["RemoveBg:Fetch:MaxBytes"] = "1000000",
            ["RemoveBg:Fetch:TotalTimeout"] = "00:00:05",
            ["RemoveBg:Fetch:IdleTimeout"] = "00:00:02",
        }, services => services.AddSingleton<IAddressLookup>(new Names()), takesWork: false);
        _fetcher = _host.Get<ImageFetcher>();
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task A_picture_comes_whole()
    {
        using var image = await _fetcher.Fetch(_server.Serve(Repo.Sample("scene-mug.jpg")), CancellationToken.None);
        Assert.That(image.Bytes.ToArray(), Is.EqualTo(await File.ReadAllBytesAsync(Repo.Sample("scene-mug.jpg"))));
    }

    [Test]
    public async Task A_relative_redirect_is_followed()
    {
        _server.Serve(Repo.Sample("scene-mug.jpg"));
        using var image = await _fetcher.Fetch(Redirect("/moved", "/scene-mug.jpg"), CancellationToken.None);
        Assert.That(image.Length, Is.GreaterThan(100_000));
    }

    [TestCase("http://169.254.169.254/latest/")]
    [TestCase("http://0x7f.1/")]
    [TestCase("//10.0.0.1/x")]
    [TestCase("file:///etc/passwd")]
    [TestCase("http://user@example.com/")]
    [TestCase("http:\\\\127.0.0.1\\")]
    public void A_redirect_to_what_is_not_allowed_is_blocked_for_good(string location) => AssertFails(Redirect("/bad", location), ArtworkFailure.ImageUrlBlocked, isTransient: false);

    [Test]
    public void A_redirect_loop_ends() => AssertFails(Redirect("/loop", "/loop"), ArtworkFailure.TooManyRedirects, isTransient: false);

    [Test]
    public void An_endless_body_is_cut_at_the_limit() =>
        AssertFails(_server.ServePage("/endless", async context =>
        {
            // Endless for a client whose limit is 1 MB; a server that really never ended would take a core from the next test.
            for (var chunks = 0; chunks < 1000; chunks++)
            {
                await context.Response.Body.WriteAsync(new byte[64 * 1024], context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }), ArtworkFailure.ImageTooLarge, isTransient: false);

    [Test]
    public void A_length_over_the_limit_is_refused_before_the_body() =>
        AssertFails(_server.ServePage("/huge", async context =>
        {
            context.Response.ContentLength = 99_999_999_999;
            await context.Response.Body.FlushAsync();
            await context.RequestAborted.AsTask();
        }), ArtworkFailure.ImageTooLarge, isTransient: false);

    [Test]
    public void A_server_that_falls_silent_is_left() =>
        AssertFails(_server.ServePage("/silent", async context =>
        {
            await context.Response.Body.WriteAsync(new byte[10]);
            await context.Response.Body.FlushAsync();
            await context.RequestAborted.AsTask();
        }), ArtworkFailure.ImageTimeout, isTransient: true);

    [Test]
    public void A_server_that_drips_is_left_after_the_total_time() =>
        AssertFails(_server.ServePage("/drip", async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[1]);
                await context.Response.Body.FlushAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }), ArtworkFailure.ImageTimeout, isTransient: true);

    [Test]
    public void A_content_encoding_is_refused() =>
        AssertFails(_server.ServePage("/gzip", context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.Body.WriteAsync(new byte[100]).AsTask();
        }), ArtworkFailure.ImageCorrupt, isTransient: false);

    [TestCase(404, false)]
    [TestCase(403, false)]
    [TestCase(429, true)]
    [TestCase(500, true)]
    [TestCase(503, true)]
    public void An_error_status_is_final_or_worth_another_try(int status, bool isTransient) =>
        AssertFails(_server.ServePage($"/{status}", context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        }), ArtworkFailure.ImageUnreachable, isTransient);

    [Test]
    public void A_blocked_address_a_refused_connection_and_an_unknown_name_look_the_same()
    {
        var failures = new[] { "http://private.photos.test.dev/", "http://127.0.0.1:1/", "http://unknown.photos.test.dev/" }
            .Select(url => Assert.ThrowsAsync<ArtworkFailedException>(() => _fetcher.Fetch(url, CancellationToken.None))!).ToList();
        Assert.That(failures.Select(failure => (failure.Failure, failure.IsTransient)).Distinct().Count(), Is.EqualTo(1), string.Join(" / ", failures.Select(failure => failure.Message)));
        Assert.That(failures[0].Failure.Code, Is.EqualTo(ArtworkFailure.ImageUnreachable));
    }

    private string Redirect(string path, string location) => _server.ServePage(path, context =>
    {
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    });

    private void AssertFails(string url, string code, bool isTransient) =>
        Assert.That(() => _fetcher.Fetch(url, CancellationToken.None),
            Throws.TypeOf<ArtworkFailedException>().With.Property("Failure").Property("Code").EqualTo(code).And.Property("IsTransient").EqualTo(isTransient));

    private sealed class Names : IAddressLookup
    {
        public Task<IPAddress[]> Lookup(string host, CancellationToken cancel) => host.StartsWith("private", StringComparison.Ordinal)
            ? Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1")])
            : throw new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound);
    }
}

internal static class Abort
{
    /// <summary>Ends when the client has gone.</summary>
    public static async Task AsTask(this CancellationToken cancel)
    {
        var gone = new TaskCompletionSource();
        await using (cancel.Register(gone.SetResult)) await gone.Task;
    }
}
