using System.Net;
using System.Text;
using RemoveBg.Core.Notify;

namespace RemoveBg.SelfHost.Cli.Photo;

/// <summary>A webhook as it came in, its signature checked.</summary>
internal sealed record ReceivedWebhook(string Body, bool IsSigned);

/// <summary>What an API caller has: a web server with the photo on it, and one that takes
/// the webhook. On loopback.</summary>
internal sealed class CallerSide : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly TaskCompletionSource<ReceivedWebhook> _webhook =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CallerSide(string photo, string secret)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.MapGet("/photo", () => Results.File(photo, "application/octet-stream"));
        _server.MapPost("/webhook", async request =>
        {
            using var body = new MemoryStream();
            await request.Request.Body.CopyToAsync(body);
            var headers = request.Request.Headers;
            var isSigned = WebhookSigner.Verify(WebhookSigner.KeyOf(secret), headers[WebhookSigner.IdHeader].ToString(),
                headers[WebhookSigner.TimestampHeader].ToString(),
                headers[WebhookSigner.SignatureHeader].ToString(), body.ToArray(), TimeProvider.System.GetUtcNow(),
                    TimeSpan.FromMinutes(5));
            _webhook.TrySetResult(new(Encoding.UTF8.GetString(body.ToArray()), isSigned));
        });
    }

    public string PhotoUrl => _server.Urls.First() + "/photo";

    public string WebhookUrl => _server.Urls.First() + "/webhook";

    public Task<ReceivedWebhook> Webhook => _webhook.Task;

    public static async Task<CallerSide> StartAsync(string photo, string secret, CancellationToken cancellationToken)
    {
        var side = new CallerSide(photo, secret);
        await side._server.StartAsync(cancellationToken);
        return side;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
