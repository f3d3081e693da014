using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using RemoveBg.Tests.Given;
using RemoveBg.Tests.Given.Worker;
using SkiaSharp;

namespace RemoveBg.Tests.Host;

/// <summary>
/// The published app in its worker process, driven over the protocol that the Functions host speaks: start, generated
/// metadata, dependency injection, native libraries, and every kind of function.
/// </summary>
[NonParallelizable]
public sealed class WorkerConformanceTests
{
    private const string Submit = "/v2/artworks/remove-background";
    private RunningWorker _worker = null!;

    [SetUp]
    public async Task StartAsync() => _worker = await RunningWorker.StartAsync();

    [TearDown]
    public async Task StopAsync()
    {
        // Null after a failed start; NUnit would report that failure as this method's.
        if (_worker is not null) await _worker.DisposeAsync();
    }

    [Test]
    public async Task The_published_worker_serves_every_kind_of_function_and_stops_on_request()
    {
        var folder = await PublishedFunctions.FolderAsync();
        var watch = Stopwatch.StartNew();

        // 1. Pages, health and description, without a key.
        foreach (var (function, path) in new[]
        {
            ("Alive", "/healthz"), ("OpenApi", "/openapi.json"), ("Page", "/"), ("Docs", "/docs"),
            ("Asset", "/assets/studio.js"),
        }) await GetAsync(function, path);
        await Eventually.HoldsAsync(async () =>
        {
            using var ready = await _worker.InvokeAsync("Ready", HttpMethod.Get, "/readyz");
            return ready.Response.StatusCode == HttpStatusCode.OK;
        }, "the worker is ready");

        // 2. Submit as JSON, and let one queue message go through the whole pipeline.
        var photo = Photo();
        var json = PhotoAsJson();
        var id = (await PostAsync("SubmitArtwork", Submit, json)).Text("id");
        Assert.That(await _worker.ForwardMessageAsync("artworks", "ProcessArtwork"), Has.Property("IsSuccess").True);
        var artwork = await GetAsync("ReadArtwork", $"/v2/artworks/{id}");
        Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"), artwork.ToString());
        using (var client = new HttpClient())
        {
            var result = Picture.Read(await client.GetByteArrayAsync(artwork.GetProperty("results")[0].GetString()));
            Assert.That((result.Width, result.Height), Is.EqualTo((96, 64)));
        }

        // 3. The other routes.
        using var form = Form("image", photo);
        var second = (await PostAsync("SubmitArtwork", Submit, form)).Text("id");
        var list = await GetAsync("ListArtworks", "/v2/artworks?limit=1");
        Assert.That(list.GetProperty("items")[0].Text("id"), Is.EqualTo(second));
        var canceled = await SucceedsAsync(
            "CancelArtwork", HttpMethod.Post, $"/v2/artworks/{second}/cancel", HttpStatusCode.OK);
        Assert.That(canceled.Text("status"), Is.EqualTo("canceled"));
        await SucceedsAsync("DownloadResult", HttpMethod.Get, $"/v2/artworks/{second}/result", HttpStatusCode.NotFound);
        await GetAsync("ListWebhookDeliveries", $"/v2/artworks/{id}/webhook-deliveries");
        var events = await GetAsync("ArtworkEvents", $"/v2/artworks/{id}/events");
        Assert.That(events.GetString(), Does.Contain("succeeded"));
        await SucceedsAsync(
            "DeleteArtwork", HttpMethod.Delete, $"/v2/artworks/{second}", HttpStatusCode.NoContent);
        var batch = await PostAsync("SubmitBatch", "/v2/artworks/batch", $$"""{"artworks":[{{json}}]}""");
        Assert.That(batch.ToString(), Does.Contain("starting"));
        using var dropIn = Form("image_file", photo);
        await _worker.ForwardMessagesUntilAsync(
            SucceedsAsync("RemoveBgV1", HttpMethod.Post, "/v1.0/removebg", HttpStatusCode.OK, dropIn),
            "artworks", "ProcessArtwork");
        var account = await GetAsync("ReadV1Account", "/v1.0/account");
        Assert.That(account.ToString(), Does.Contain("credits"));
        var unknown = await SucceedsAsync(
            "ReadArtwork", HttpMethod.Get, $"/v2/artworks/{Guid.NewGuid()}", HttpStatusCode.NotFound);
        Assert.That(unknown.GetProperty("statusCode").GetInt32(), Is.EqualTo(404));

        // 4. Timers.
        foreach (var timer in new[] { "SweepArtworks", "EraseExpired" })
            Assert.That(await _worker.Peer.InvokeTimerAsync(timer), Has.Property("IsSuccess").True, timer);

        // 5. The end.
        Assert.That(await _worker.Peer.TerminateAsync(TimeSpan.FromSeconds(5)), Is.Zero, _worker.Peer.Output);
        var peer = _worker.Peer;
        var (seconds, zip) = (watch.Elapsed.TotalSeconds, ZipSize(folder) / 1e6);
        TestContext.Progress.WriteLine(FormattableString.Invariant(
            $"functions loaded {peer.Functions.Count}, calls made {peer.Calls}, ")
            + FormattableString.Invariant($"seconds {seconds:0.0}, zip {zip:0.0} MB"));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromMinutes(1)));
    }

    /// <summary>A client that leaves makes the host cancel the invocation and close its connection.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_client_that_leaves_an_event_stream_is_no_failed_invocation(bool isCanceledByTheHost)
    {
        var json = PhotoAsJson();
        var id = (await PostAsync("SubmitArtwork", Submit, json)).Text("id");

        using var events = await _worker.InvokeAsync(
            "ArtworkEvents", HttpMethod.Get, $"/v2/artworks/{id}/events", isStreamed: true);
        await using var stream = await events.Response.Content.ReadAsStreamAsync();
        using var reader = new StreamReader(stream);
        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("event: status"));
        if (isCanceledByTheHost) _worker.Peer.CancelInvocation(events.Id);
        else events.Response.Dispose();

        var outcome = await events.Outcome.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.That(outcome.IsSuccess, outcome.Exception);
        await NothingWasLoggedAsFailedAsync();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_caller_that_leaves_while_it_waits_is_no_failed_invocation(bool isCanceledByTheHost)
    {
        using var request = _worker.Request(HttpMethod.Post, Submit, PhotoAsJson());
        request.Headers.Add("Prefer", "wait=60");
        using var leaves = new CancellationTokenSource();
        var call = _worker.Peer.InvokeHttpAsync("SubmitArtwork", request, cancellationToken: leaves.Token);
        await Eventually.HoldsAsync(() => _worker.HasMessageAsync("artworks"), "the artwork is accepted");

        await leaves.CancelAsync();
        if (isCanceledByTheHost) _worker.Peer.CancelInvocation(request);
        Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
        var outcome = await _worker.Peer.OutcomeAsync(request).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.That(outcome.IsSuccess, outcome.Exception);
        await NothingWasLoggedAsFailedAsync();
    }

    [Test]
    public async Task A_cancelled_invocation_returns_our_error_shape()
    {
        using var request = _worker.Request(HttpMethod.Post, Submit, PhotoAsJson());
        request.Headers.Add("Prefer", "wait=60");
        var call = _worker.Peer.InvokeHttpAsync("SubmitArtwork", request);
        await Eventually.HoldsAsync(() => _worker.HasMessageAsync("artworks"), "the artwork is accepted");

        _worker.Peer.CancelInvocation(request);
        using var canceled = await call.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.That(canceled.Response.StatusCode, Is.EqualTo(HttpStatusCode.InternalServerError));
        Assert.That((await canceled.Response.JsonAsync()).GetProperty("statusCode").GetInt32(), Is.EqualTo(500));
        Assert.That(canceled.Response.Headers.RetryAfter, Is.Not.Null);
        Assert.That(await canceled.Outcome, Has.Property("IsSuccess").True);
        await NothingWasLoggedAsFailedAsync();
    }

    private async Task NothingWasLoggedAsFailedAsync()
    {
        Assert.That(await _worker.Peer.TerminateAsync(TimeSpan.FromSeconds(5)), Is.Zero, _worker.Peer.Output);
        var failures = _worker.Peer.Logs
            .Where(log => log.Level >= RpcLog.Types.Level.Warning || log.Exception is not null);
        Assert.That(failures, Is.Empty);
        Assert.That(_worker.Peer.Output, Does.Not.Contain("Exception"));
    }

    private static string PhotoAsJson() =>
        $$"""{"imageUrl":"data:image/png;base64,{{Convert.ToBase64String(Photo())}}","outputFormat":"png"}""";

    private Task<JsonElement> GetAsync(string function, string path) =>
        SucceedsAsync(function, HttpMethod.Get, path, HttpStatusCode.OK);

    private Task<JsonElement> PostAsync(string function, string path, object content) =>
        SucceedsAsync(function, HttpMethod.Post, path, HttpStatusCode.Accepted, content);

    private async Task<JsonElement> SucceedsAsync(
        string function, HttpMethod method, string path, HttpStatusCode expected, object? content = null)
    {
        using var call = await _worker.InvokeAsync(function, method, path, content);
        var text = await call.Response.Content.ReadAsStringAsync();
        Assert.That(call.Response.StatusCode, Is.EqualTo(expected), $"{method} {path}: {text}");
        var outcome = await call.Outcome;
        Assert.That(outcome.IsSuccess, $"{method} {path}: {outcome.Exception}");
        var isJson = call.Response.Content.Headers.ContentType?.MediaType == "application/json";
        return isJson ? JsonElement.Parse(text) : JsonSerializer.SerializeToElement(text);
    }

    private static MultipartFormDataContent Form(string field, byte[] photo)
    {
        var file = new ByteArrayContent(photo);
        file.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        return new MultipartFormDataContent { { file, field, "photo.png" } };
    }

    /// <summary>A red ball on a grey ground, as PNG.</summary>
    private static byte[] Photo()
    {
        using var bitmap = new SKBitmap(96, 64);
        using var canvas = new SKCanvas(bitmap);
        using var red = new SKPaint { Color = SKColors.Red, IsAntialias = true };
        canvas.Clear(SKColors.LightGray);
        canvas.DrawCircle(48, 32, 20, red);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static long ZipSize(string folder)
    {
        using var zip = new MemoryStream();
        ZipFile.CreateFromDirectory(folder, zip);
        return zip.Length;
    }
}
