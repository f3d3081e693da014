using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace RemoveBg.Bench.Load;

/// <summary>A web server with one photo.</summary>
internal sealed class PhotoServer : IAsyncDisposable
{
    private readonly WebApplication _server;

    private PhotoServer(WebApplication server) => _server = server;

    public string Url => _server.Urls.First() + "/photo.jpg";

    public static async Task<PhotoServer> StartAsync(byte[] photo, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        server.Run(context => context.Response.Body.WriteAsync(photo).AsTask());
        await server.StartAsync(cancellationToken);
        return new(server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
