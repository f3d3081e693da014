using System.Net;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given.Worker;
using SkiaSharp;

namespace RemoveBg.Tests.Given.Roles;

/// <summary>Runs all that the app does with storage, behind a proxy that records its requests.</summary>
internal static class WholeFlow
{
    private const string Submit = "/v2/artworks/remove-background";

    /// <summary>Runs the published Functions app in its worker. The test hands out the messages on a way of its own, so
    /// that only the app's requests are recorded.</summary>
    public static async Task<IReadOnlyCollection<StorageCall>> OfTheWorkerAsync()
    {
        var account = Storage.NewAccount();
        await using var proxy = await StorageProxy.StartAsync(account, isRecording: true);
        await using var caller = await Caller.StartAsync();
        var large = LargePhoto();
        var photo = caller.ServePage("/large.png", context => context.Response.Body.WriteAsync(large).AsTask());
        await using var worker = await RunningWorker.StartAsync(
            new Dictionary<string, string> { ["RemoveBg__Network__AllowLoopbackForDevelopment"] = "true" },
            storage: account, workerStorage: proxy.ConnectionString);

        // 1. Ready, submit, process, announce, download.
        await Eventually.HoldsAsync(async () =>
        {
            using var ready = await worker.InvokeAsync("Ready", HttpMethod.Get, "/readyz");
            return ready.Response.StatusCode == HttpStatusCode.OK;
        }, "the worker is ready");
        using var submission = worker.Request(HttpMethod.Post, Submit,
            JsonSerializer.Serialize(new { imageUrl = photo, webhook = caller.WebhookUrl }));
        submission.Headers.Add("Idempotency-Key", "first");
        var id = await SubmitAsync(submission);
        await worker.ForwardNextAsync("artworks", "ProcessArtwork");
        await worker.ForwardNextAsync("webhooks", "DeliverWebhook");
        Assert.That(caller.Deliveries, Has.Count.EqualTo(1));
        await GetAsync("ReadArtwork", $"/v2/artworks/{id}");
        await GetAsync("DownloadResult", $"/v2/artworks/{id}/result");
        await GetAsync("ListArtworks", "/v2/artworks");
        await GetAsync("ListWebhookDeliveries", $"/v2/artworks/{id}/webhook-deliveries");

        // 2. An image in the request is stored; it is deleted with the artwork.
        var inline = JsonSerializer.Serialize(new
            { imageUrl = $"data:image/png;base64,{Convert.ToBase64String(SmallPhoto())}" });
        using var second = worker.Request(HttpMethod.Post, Submit, inline);
        var canceled = await SubmitAsync(second);
        await CallAsync("CancelArtwork", HttpMethod.Post, $"/v2/artworks/{canceled}/cancel", HttpStatusCode.OK);
        await CallAsync("DeleteArtwork", HttpMethod.Delete, $"/v2/artworks/{canceled}", HttpStatusCode.NoContent);

        // 3. More than the key has permits for.
        for (var number = 0; number < 10; number++)
        {
            using var one = worker.Request(HttpMethod.Post, Submit, inline);
            await SubmitAsync(one);
        }
        for (var number = 0; number < 10; number++) await worker.ForwardNextAsync("artworks", "ProcessArtwork");

        // 4. Poison and unreadable messages.
        await worker.Peer.InvokeQueueAsync("FailPoisonedArtwork", $$"""{"v":1,"id":"{{id}}","attempt":1}""");
        await worker.Peer.InvokeQueueAsync("CountPoisonedWebhook", $$"""{"v":1,"id":"{{id}}","attempt":1}""");
        await worker.Peer.InvokeQueueAsync("ProcessArtwork", "no message of ours");

        // 5. Timers, and a queue that is gone.
        foreach (var timer in new[] { "SweepArtworks", "EraseExpired" })
            Assert.That(await worker.Peer.InvokeTimerAsync(timer), Has.Property("IsSuccess").True, timer);
        await new QueueClient(account, "artworks").DeleteAsync();
        using var last = worker.Request(HttpMethod.Post, Submit, inline);
        await SubmitAsync(last);

        Assert.That(await worker.Peer.TerminateAsync(TimeSpan.FromSeconds(5)), Is.Zero, worker.Peer.Output);
        return proxy.Calls;

        async Task<string> SubmitAsync(HttpRequestMessage request)
        {
            using var call = await worker.Peer.InvokeHttpAsync("SubmitArtwork", request);
            Assert.That(call.Response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            return (await call.Response.JsonAsync()).Text("id")!;
        }

        Task GetAsync(string function, string path) => CallAsync(function, HttpMethod.Get, path, HttpStatusCode.OK);

        async Task CallAsync(string function, HttpMethod method, string path, HttpStatusCode expected)
        {
            using var call = await worker.InvokeAsync(function, method, path);
            Assert.That(call.Response.StatusCode, Is.EqualTo(expected), path);
        }
    }

    /// <summary>Runs overdue work and the end of retention.</summary>
    public static async Task<IReadOnlyCollection<StorageCall>> OfAWeekAsync()
    {
        await using var proxy = await StorageProxy.StartAsync(Storage.NewAccount(), isRecording: true);
        await using var caller = await Caller.StartAsync();
        var photo = caller.Serve(SmallPhotos.Of("scene-toycar.jpg"));
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await RunningHost.StartAsync(takesWork: false, storage: proxy.ConnectionString,
            services: services => services.AddSingleton<TimeProvider>(clock));
        // The development key, which there is not on Azure.
        proxy.Calls.Clear();
        var ids = new List<Guid>();
        for (var number = 0; number < 2; number++)
        {
            using var response = await host.SubmitAsync(new { imageUrl = photo, webhook = caller.WebhookUrl },
                ("Idempotency-Key", $"{number}"));
            ids.Add(Guid.Parse((await response.JsonAsync()).Text("id")!));
        }
        var message = new ArtworkMessage(1, ids[0], 1).ToJson();
        await host.Get<ProcessArtwork>().ProcessAsync(message, CancellationToken.None);
        await host.Get<DeliverWebhook>().DeliverAsync(message, CancellationToken.None);
        clock.Advance(TimeSpan.FromHours(1));
        await host.Get<SweepArtworks>().SweepAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromDays(8));
        await host.Get<EraseExpired>().EraseAsync(CancellationToken.None);
        var table = host.Get<ArtworkTable>();
        Assert.That(await table.FindAsync(ids[0], CancellationToken.None), Is.Null, "retention has deleted it");
        Assert.That((await table.FindAsync(ids[1], CancellationToken.None))?.Status, Is.EqualTo(ArtworkStatus.Failed));
        return proxy.Calls;
    }

    /// <summary>Azurite signs with its account key; on Azure the app asks for one first.</summary>
    public static async Task<IReadOnlyCollection<StorageCall>> OfASignedUrlAsync()
    {
        var asked = new List<StorageCall>();
        using var handler = new KeyRequests(asked);
        var blobs = new BlobServiceClient(new Uri("https://pictures.blob.core.windows.net"), new Identity(),
            new() { Transport = new HttpClientTransport(handler), Retry = { MaxRetries = 0 } });
        var urls = new ResultUrls(blobs, TimeSpan.FromHours(1), TimeProvider.System);
        try
        {
            await urls.SignAsync(blobs.GetBlobContainerClient("results").GetBlobClient("a.webp"),
                CancellationToken.None);
        }
        catch (global::Azure.RequestFailedException refused) when (refused.Status == 403)
        {
            // The request is all that is looked for.
        }
        return asked;
    }

    /// <summary>Every command of <c>removebg keys</c>, in a process of its own.</summary>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyCollection<StorageCall>>> OfKeyCommandsAsync()
    {
        var account = Storage.NewAccount();
        await using var host = await RunningHost.StartAsync(takesWork: false, storage: account);
        var value = await host.AddKeyAsync("full", concurrentJobs: 1);
        using var client = host.ClientWith(value);
        var inline = new { imageUrl = $"data:image/png;base64,{Convert.ToBase64String(SmallPhoto())}" };
        for (var number = 0; number < 3; number++)
            (await host.SubmitAsync(inline, client, ("Idempotency-Key", $"{number}"))).Dispose();

        await using var proxy = await StorageProxy.StartAsync(account, isRecording: true);
        using var tool = new ToolProcess();
        tool.Environment["AzureWebJobsStorage"] = proxy.ConnectionString;
        var calls = new Dictionary<string, IReadOnlyCollection<StorageCall>>();
        foreach (var command in new[] { "add shop", "list", "disable shop", "enable shop", "rotate shop",
            "rotate-webhook-secret shop", "export keys.json", "import keys.json --replace", "audit", "erase full --yes",
            "delete shop" })
        {
            var before = proxy.Calls.Count;
            var done = await tool.RunAsync(["keys", .. command.Split(' '), "--no-azurite"]);
            Assert.That((done.Code, done.Errors), Is.EqualTo((0, "")), command);
            calls[command.Split(' ')[0]] = [.. proxy.Calls.Skip(before)];
        }
        return calls;
    }

    /// <summary>More than a megabyte, so that it goes to storage piece by piece.</summary>
    private static byte[] LargePhoto()
    {
        using var bitmap = new SKBitmap(900, 700, SKColorType.Rgba8888, SKAlphaType.Opaque);
        new Random(1).NextBytes(bitmap.GetPixelSpan());
        return Png(bitmap);
    }

    private static byte[] SmallPhoto()
    {
        using var bitmap = new SKBitmap(8, 8);
        return Png(bitmap);
    }

    private static byte[] Png(SKBitmap bitmap)
    {
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private sealed class KeyRequests(List<StorageCall> asked) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            asked.Add(new("Blob", request.Method.Method, "", request.RequestUri!.Query, IsConditional: false,
                await request.Content!.ReadAsStringAsync(cancellationToken)));
            return new(HttpStatusCode.Forbidden);
        }
    }

    private sealed class Identity : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new("token", DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext,
            CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
    }
}
