using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using RemoveBg.Tests.Given.Roles;

namespace RemoveBg.Tests.Given;

/// <summary>What becomes of a request to storage.</summary>
internal enum Fate
{
    Passed,

    /// <summary>Storage gets the request, but the connection breaks before its response.</summary>
    ResponseLost,

    /// <summary>The connection breaks before storage gets the request.</summary>
    RequestLost,

    /// <summary>Storage gets the request twice, and the second response is passed on.</summary>
    Twice,

    /// <summary>Half a second late.</summary>
    Late,

    /// <summary>503 without a wait; the SDK tries again.</summary>
    Busy,

    /// <summary>503 with a Retry-After of a minute.</summary>
    Throttled,

    /// <summary>507, as of a full account.</summary>
    Full,

    /// <summary>Storage does it, and the response is 507, which the SDK does not repeat.</summary>
    DoneButFull,
}

/// <summary>A network and a busy service in front of Azurite.</summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private static readonly string[] s_services = ["Blob", "Queue", "Table"];
    private readonly WebApplication _server;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private readonly Dictionary<int, (string Service, string Address)> _behind = [];

    private StorageProxy()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            foreach (var _ in s_services) kestrel.Listen(IPAddress.Loopback, 0);
        });
        _server = builder.Build();
        _server.Run(HandleAsync);
    }

    /// <summary>Connection string of the same account through this proxy.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>Connection string of the account without it.</summary>
    public string Account { get; private init; } = "";

    /// <summary>Decides by method, path with query, and body of each request.</summary>
    public Func<string, Fate> Decide { get; set; } = _ => Fate.Passed;

    private bool IsRecording { get; init; }

    /// <summary>Every request so far, if it records them.</summary>
    public ConcurrentQueue<StorageCall> Calls { get; } = [];

    /// <param name="connectionString">The account behind it.</param>
    /// <param name="isRecording">Whether <see cref="Calls"/> grows.</param>
    public static async Task<StorageProxy> StartAsync(string connectionString, bool isRecording = false)
    {
        var proxy = new StorageProxy { IsRecording = isRecording, Account = connectionString };
        await proxy._server.StartAsync();
        proxy.ConnectionString = connectionString;
        foreach (var (service, url) in s_services.Zip(proxy._server.Urls))
        {
            var endpoint = new Uri(connectionString.Split(';').Single(part => part.StartsWith($"{service}Endpoint=",
                StringComparison.Ordinal))[$"{service}Endpoint=".Length..]);
            var address = new Uri(url);
            proxy._behind[address.Port] = (service, endpoint.GetLeftPart(UriPartial.Authority));
            proxy.ConnectionString = proxy.ConnectionString.Replace(endpoint.Authority, address.Authority,
                StringComparison.Ordinal);
        }
        return proxy;
    }

    /// <summary>Lets the first requests that contain all of <paramref name="parts"/> meet this fate, and the others
    /// pass.</summary>
    /// <returns>A function that counts how many have met it.</returns>
    public Func<int> Strike(Fate fate, int times, params string[] parts)
    {
        var struck = 0;
        Decide = request => parts.All(part => request.Contains(part, StringComparison.Ordinal))
            && Interlocked.Increment(ref struck) <= times ? fate : Fate.Passed;
        return () => Math.Min(times, struck);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        var body = buffer.ToArray();
        var request = context.Request;
        if (IsRecording)
            Calls.Enqueue(StorageCall.Of(_behind[context.Connection.LocalPort].Service, request, body));
        var fate = Decide($"{request.Method} {request.Path}{request.QueryString}\n{Encoding.Latin1.GetString(body)}");
        switch (fate)
        {
            case Fate.RequestLost:
                context.Abort();
                return;
            case Fate.Busy or Fate.Throttled or Fate.Full:
                context.Response.StatusCode = fate == Fate.Full ? 507 : 503;
                if (fate == Fate.Throttled) context.Response.Headers.RetryAfter = "60";
                return;
            case Fate.Twice:
                (await ForwardAsync(context, body)).Dispose();
                break;
            case Fate.Late:
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
                break;
        }
        using var response = await ForwardAsync(context, body);
        if (fate == Fate.ResponseLost) context.Abort();
        else if (fate == Fate.DoneButFull) context.Response.StatusCode = 507;
        else await RespondAsync(context, response);
    }

    private Task<HttpResponseMessage> ForwardAsync(HttpContext context, byte[] body)
    {
        // As sent: storage checks a signature of the path.
        var url = _behind[context.Connection.LocalPort].Address
            + context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var request = new HttpRequestMessage(new(context.Request.Method), url)
        {
            Content = body.Length > 0 || context.Request.ContentLength is not null ? new ByteArrayContent(body) : null,
        };
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name is "Host" or "Transfer-Encoding" or "Connection" or "Content-Length") continue;
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }
        return _client.SendAsync(request, HttpCompletionOption.ResponseContentRead);
    }

    private static async Task RespondAsync(HttpContext context, HttpResponseMessage response)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            if (name is not ("Transfer-Encoding" or "Connection" or "Keep-Alive" or "Content-Length"))
                context.Response.Headers[name] = values.ToArray();
        var body = await response.Content.ReadAsByteArrayAsync();
        if (HttpMethods.IsHead(context.Request.Method))
        {
            // The length of what GET would return.
            if (response.Content.Headers.ContentLength is { } length)
                context.Response.Headers.ContentLength = length;
            return;
        }
        if (context.Response.StatusCode is 204 or 304) return;
        context.Response.Headers.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }
}
