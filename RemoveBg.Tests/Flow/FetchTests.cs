using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Network;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Servers of pictures that lie, stall and mislead.</summary>
public sealed class FetchTests : ImageFetchTests
{
    private protected override Task<RunningHost> StartHostAsync() => RunningHost.StartAsync(new()
    {
        ["RemoveBg:Fetch:MaxBytes"] = "1000000",
        ["RemoveBg:Fetch:TotalTimeout"] = "00:00:05",
        ["RemoveBg:Fetch:IdleTimeout"] = "00:00:02",
    }, services => services.AddSingleton<IAddressLookup>(new Names()), takesWork: false);

    [Test]
    public async Task A_whole_image_is_downloaded()
    {
        await using var image = await FetchAsync(Caller.Serve(Repo.Sample("scene-mug.jpg")));
        using var bytes = await image.LoadAsync(CancellationToken.None);
        Assert.That(bytes.Memory.ToArray(), Is.EqualTo(await File.ReadAllBytesAsync(Repo.Sample("scene-mug.jpg"))));
        Assert.That(image.Pixels, Is.GreaterThan(100_000));
    }

    [TestCase(1, 0)]
    [TestCase(MemoryBudget.DownloadBytes - 1, 0)]
    [TestCase(MemoryBudget.DownloadBytes, 1)]
    [TestCase(MemoryBudget.DownloadBytes + 1, 1)]
    [TestCase(3_000_000, 1)]
    public async Task Of_a_large_file_only_a_piece_stays_in_memory_and_nothing_in_storage_afterwards(int length,
        int stored)
    {
        await using var host = await RunningHost.StartAsync(takesWork: false);
        var file = RandomNumberGenerator.GetBytes(length);
        var url = Caller.ServePage("/large", context => context.Response.Body.WriteAsync(file).AsTask());
        var inputs = new BlobContainerClient(host.ConnectionString, StoredImages.InputContainer);
        await using (var image = new FetchedImage(host.Get<StoredImages>().NewPieces(Guid.NewGuid()),
            NullLogger.Instance))
        {
            await host.Get<ImageFetcher>().FetchAsync(url, image, CancellationToken.None);
            Assert.That(inputs.GetBlobs().Count(), Is.EqualTo(stored));
            Assert.That(image.Length, Is.EqualTo(length));
            using var bytes = await image.LoadAsync(CancellationToken.None);
            Assert.That(bytes.Memory.Span.SequenceEqual(file));
        }
        Assert.That(inputs.GetBlobs().Count(), Is.Zero);
    }

    [Test]
    public void A_server_with_endless_headers_is_abandoned() =>
        AssertFails(Caller.ServePage("/headers", context =>
        {
            for (var i = 0; i < 2_000; i++) context.Response.Headers[$"X-Flood-{i}"] = new string('x', 64);
            return Task.CompletedTask;
        }), ArtworkFailure.ImageUnreachable, isTransient: true);

    [TestCase("HTTP/1.1 100 Continue\r\n\r\n", TestName = "A server that promises an answer without end is left")]
    [TestCase("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
        TestName = "A server that hints without end is left")]
    public async Task Endless_interim_responses_time_out(string interim)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var socket = await listener.AcceptSocketAsync();
            await socket.ReceiveAsync(new byte[4096]);
            var answer = System.Text.Encoding.ASCII.GetBytes(interim);
            // Bounded far above what any limit lets through.
            for (var i = 0; i < 1_000_000; i++) await socket.SendAsync(answer);
        });
        var problem = Assert.ThrowsAsync<ArtworkFailedException>(() => FetchAsync(
            $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"));
        Assert.That(problem!.Failure.Code, Is.AnyOf(ArtworkFailure.ImageUnreachable, ArtworkFailure.ImageTimeout));
        Assert.That(async () => await serving, Throws.InstanceOf<SocketException>(), "and the connection is closed");
    }

    [Test]
    public void A_truncated_body_is_a_transient_failure() =>
        AssertFails(Caller.ServePage("/short", async context =>
        {
            // Kestrel closes the connection.
            context.Response.ContentLength = 1000;
            await context.Response.Body.WriteAsync(new byte[10]);
        }), ArtworkFailure.ImageIncomplete, isTransient: true);

    [Test]
    public void A_server_that_does_not_speak_tls_is_named_as_that() =>
        AssertFails(Caller.Url.Replace("http:", "https:", StringComparison.Ordinal) + "/photo.jpg",
            ArtworkFailure.ImageTls, isTransient: true);

    [TestCase(203, null, true)]
    [TestCase(206, "bytes 0-999/1000", true)]
    [TestCase(206, "bytes 0-999/2000", false)]
    [TestCase(206, "bytes 1-1000/1001", false)]
    [TestCase(206, "bytes 0-999/*", false)]
    [TestCase(206, null, false)]
    public async Task A_whole_image_is_accepted_whatever_its_status(int status, string? range, bool isWhole)
    {
        var url = Caller.ServePage($"/status-{status}", async context =>
        {
            context.Response.StatusCode = status;
            if (range is not null) context.Response.Headers.ContentRange = range;
            await context.Response.Body.WriteAsync(new byte[1000]);
        });
        if (!isWhole)
        {
            AssertFails(url, ArtworkFailure.ImageUnreachable, isTransient: false);
            return;
        }
        await using var image = await FetchAsync(url);
        Assert.That(image.Length, Is.EqualTo(1000));
    }

    [TestCase("/%41%7E%2Esigned?x=%41%2B%2f&y=~'()*", "/%41%7E%2Esigned?x=%41%2B%2f&y=~'()*")]
    [TestCase("/signed?a=%7e#part", "/signed?a=%7e")]
    [TestCase("/a/../signed?x=1", "/signed?x=1")]
    [TestCase("/a/%2e%2E/signed", "/signed")]
    [TestCase("/signed?q=\u00e9", "/signed?q=%C3%A9")]
    public async Task Path_and_query_are_sent_as_written(string written, string sent)
    {
        string? seen = null;
        Caller.ServeAll(context =>
        {
            seen = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
            return context.Response.Body.WriteAsync(new byte[10]).AsTask();
        });
        try
        {
            await using var direct = await FetchAsync(Caller.Url + written);
            Assert.That(seen, Is.EqualTo(sent));
        }
        finally
        {
            Caller.ServeAll(null);
        }
    }

    [Test]
    public void An_endless_body_is_cut_off_at_the_limit() =>
        AssertFails(Caller.ServePage("/endless", async context =>
        {
            // Endless for a client whose limit is 1 MB; a server that really never ended
            // would take a core from the next test.
            for (var chunks = 0; chunks < 1000; chunks++)
            {
                await context.Response.Body.WriteAsync(new byte[64 * 1024], context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }), ArtworkFailure.ImageTooLarge, isTransient: false);

    [Test]
    public void A_length_over_the_limit_is_refused_before_the_body() =>
        AssertFails(Caller.ServePage("/huge", async context =>
        {
            context.Response.ContentLength = 99_999_999_999;
            await context.Response.Body.FlushAsync();
            await context.RequestAborted.AsTaskAsync();
        }), ArtworkFailure.ImageTooLarge, isTransient: false);

    [Test]
    public void A_silent_server_is_abandoned() =>
        AssertFails(Caller.ServePage("/silent", async context =>
        {
            await context.Response.Body.WriteAsync(new byte[10]);
            await context.Response.Body.FlushAsync();
            await context.RequestAborted.AsTaskAsync();
        }), ArtworkFailure.ImageTimeout, isTransient: true);

    [Test]
    public void A_dripping_server_is_abandoned_after_the_total_timeout() =>
        AssertFails(Caller.ServePage("/drip", async context =>
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
        AssertFails(Caller.ServePage("/gzip", context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.Body.WriteAsync(new byte[100]).AsTask();
        }), ArtworkFailure.ImageCorrupt, isTransient: false);

    [TestCase("identity")]
    [TestCase("none")]
    [TestCase("utf-8")]
    [TestCase("binary")]
    [TestCase("aws-chunked")]
    public async Task An_encoding_that_is_none_is_ignored_as_browsers_do(string encoding)
    {
        await using var image = await FetchAsync(Caller.ServePage($"/encoded-{encoding}", context =>
        {
            context.Response.Headers.ContentEncoding = encoding;
            return context.Response.Body.WriteAsync(new byte[100]).AsTask();
        }));
        Assert.That(image.Length, Is.EqualTo(100));
    }

    [TestCase(302, ArtworkFailure.TooManyRedirects)]
    [TestCase(403, ArtworkFailure.ImageUnreachable)]
    public void A_gate_that_sets_a_cookie_is_named(int status, string code)
    {
        var url = Caller.ServePage($"/gate-{status}", context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.SetCookie = "seen=1";
            if (status == 302) context.Response.Headers.Location = "/gate-302";
            return Task.CompletedTask;
        });
        Assert.That(() => FetchAsync(url), Throws.TypeOf<ArtworkFailedException>().With.Property("Failure")
            .Property("Code").EqualTo(code).And.Message.Contains("cookies are not kept"));
    }

    [Test]
    public async Task A_server_is_told_the_user_agent_of_the_setting()
    {
        const string contact = "Example-Shop/2.1 (+https://shop.example.com/bot; bot@shop.example.com)";
        await using var host =
            await RunningHost.StartAsync(new() { ["RemoveBg:Fetch:UserAgent"] = contact }, takesWork: false);
        var seen = new List<string>();
        var url = Caller.ServePage("/agent", context =>
        {
            seen.Add(context.Request.Headers.UserAgent.ToString());
            return context.Response.Body.WriteAsync(new byte[10]).AsTask();
        });
        await using var image = new FetchedImage(host.Get<StoredImages>().NewPieces(Guid.NewGuid()),
            NullLogger.Instance);
        await host.Get<ImageFetcher>().FetchAsync(url, image, CancellationToken.None);
        await using var other = await FetchAsync(url);
        Assert.That(seen, Is.EqualTo(new[] { contact, "RemoveBg/1.0" }));
    }

    [TestCase(404, false)]
    [TestCase(403, false)]
    [TestCase(429, true)]
    [TestCase(500, true)]
    [TestCase(503, true)]
    public void An_error_status_is_final_or_transient(int status, bool isTransient) =>
        AssertFails(Caller.ServePage($"/{status}", context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        }), ArtworkFailure.ImageUnreachable, isTransient);

    [Test]
    public void A_blocked_address_a_refused_connection_and_an_unknown_name_look_the_same()
    {
        var failures =
            new[] { "http://private.photos.test.dev/", "http://127.0.0.1:1/", "http://unknown.photos.test.dev/" }
            .Select(url => Assert.ThrowsAsync<ArtworkFailedException>(
                () => FetchAsync(url))!).ToList();
        Assert.That(failures.Select(failure => (failure.Failure, failure.IsTransient)).Distinct().Count(),
            Is.EqualTo(1), string.Join(" / ", failures.Select(failure => failure.Message)));
        Assert.That(failures[0].Failure.Code, Is.EqualTo(ArtworkFailure.ImageUnreachable));
    }

    private sealed class Names : IAddressLookup
    {
        public Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken) =>
            host.StartsWith("private", StringComparison.Ordinal)
            ? Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1")])
            : throw new SocketException((int)SocketError.HostNotFound);
    }
}
