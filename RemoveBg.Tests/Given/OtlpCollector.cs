using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace RemoveBg.Tests.Given;

/// <summary>An OpenTelemetry collector on loopback (OTLP/HTTP, protobuf) that keeps the bodies it is sent.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<(string Signal, byte[] Body)> _received = [];

    private OtlpCollector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            _received.Enqueue((Path.GetFileName(context.Request.Path.Value!), body.ToArray()));
            context.Response.ContentType = "application/x-protobuf";
        });
    }

    public string Address => _server.Urls.First();

    /// <summary>Settings that send a program's telemetry here.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector._server.StartAsync();
        return collector;
    }

    /// <param name="signal"><c>traces</c>, <c>metrics</c> or <c>logs</c>.</param>
    /// <returns>The bodies of the requests so far.</returns>
    public IReadOnlyList<byte[]> Bodies(string signal) =>
        [.. _received.Where(request => request.Signal == signal).Select(request => request.Body)];

    /// <returns>Bytes of these bodies.</returns>
    public long Bytes(string signal) => Bodies(signal).Sum(body => (long)body.Length);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
