using System.Net;
using System.Text;
using RemoveBg.Core.Notify;

namespace RemoveBg.SelfHost.Cli.Photo;

/// <summary>A received webhook whose signature has been checked.</summary>
internal sealed record ReceivedWebhook(string Body, bool IsSigned);

/// <summary>An API caller's servers, on loopback: one serves the photo and receives the webhook.</summary>
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
