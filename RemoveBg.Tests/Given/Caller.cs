using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Notify;

namespace RemoveBg.Tests.Given;

internal sealed record ReceivedDelivery(string Id, string Timestamp, string Signature, byte[] Body, string? ContentType,
    DateTimeOffset At)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    public bool IsSignedWith(string secret) =>
        WebhookSigner.Verify(WebhookSigner.KeyOf(secret), Id, Timestamp, Signature, Body, At, TimeSpan.FromMinutes(5));
}

/// <param name="Asked">Completes when the photo has been requested.</param>
/// <param name="Answer">Set it to let the photo go.</param>
internal sealed record HeldPhoto(string Url, Task Asked, TaskCompletionSource Answer);

/// <summary>An API caller's image server and webhook receiver: real HTTP on loopback.</summary>
internal sealed class Caller : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _pages = new();
    private readonly ConcurrentDictionary<string, int> _hits = new();
    private Func<HttpContext, Task>? _all;

    private Caller()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.AllowSynchronousIO = true;
        });
        _server = builder.Build();
        _server.Run(async context =>
        {
            var path = context.Request.Path.Value!;
            _hits.AddOrUpdate(path, 1, (_, hits) => hits + 1);
            if (path == "/webhook") await ReceiveAsync(context);
            else if (_all is { } all) await all(context);
            else if (_pages.TryGetValue(path, out var page)) await page(context);
            else context.Response.StatusCode = 404;
        });
    }

    public string Url => _server.Urls.First();

    public string WebhookUrl => Url + "/webhook";

    public ConcurrentQueue<ReceivedDelivery> Deliveries { get; } = [];

    /// <summary>Answers the n-th delivery (from 1); 200 unless set.</summary>
    public Func<int, HttpContext, Task>? OnDelivery { get; set; }

    public static async Task<Caller> StartAsync()
    {
        var caller = new Caller();
        await caller._server.StartAsync();
        return caller;
    }

    public int Hits(string path) => _hits.GetValueOrDefault(path);

    public string Serve(string file) =>
        ServePage("/" + Path.GetFileName(file), context => context.Response.SendFileAsync(file));

    /// <summary>A photo whose server answers only when told to: the worker that asked for it is
    /// caught in the middle of its job.</summary>
    /// <param name="file">The photo.</param>
    /// <param name="path">Its path on this server.</param>
    /// <param name="status">Another status than 200 comes without the photo.</param>
    public HeldPhoto ServeHeld(string file, string path = "/held.jpg", int status = StatusCodes.Status200OK)
    {
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        var url = ServePage(path, async context =>
        {
            asked.TrySetResult();
            await answer.Task.WaitAsync(context.RequestAborted);
            context.Response.StatusCode = status;
            if (status == StatusCodes.Status200OK) await context.Response.SendFileAsync(file);
        });
        return new(url, asked.Task, answer);
    }

    /// <summary>Serves the same under every path; null serves pages again.</summary>
    public void ServeAll(Func<HttpContext, Task>? page) => _all = page;

    public string ServePage(string path, Func<HttpContext, Task> page)
    {
        _pages[path] = page;
        return Url + path;
    }

    public async Task<IReadOnlyList<ReceivedDelivery>> UntilDeliveredAsync(int count)
    {
        await Eventually.HoldsAsync(() => Deliveries.Count >= count,
            $"{count} webhooks have come ({Deliveries.Count} so far)");
        Assert.That(Deliveries.SelectMany(OpenApiCheck.CheckWebhook), Is.Empty, "openapi.json and a webhook differ");
        return [.. Deliveries];
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        Deliveries.Enqueue(new(
            headers[WebhookSigner.IdHeader].ToString(), headers[WebhookSigner.TimestampHeader].ToString(),
                headers[WebhookSigner.SignatureHeader].ToString(),
            body.ToArray(), context.Request.ContentType, TimeProvider.System.GetUtcNow()));
        if (OnDelivery is { } answer) await answer(Deliveries.Count, context);
    }
}
