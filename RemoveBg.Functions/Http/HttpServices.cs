using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Functions.Web;

namespace RemoveBg.Functions.Http;

/// <summary>Registers what the HTTP functions need beyond the service itself, on either host.</summary>
public static class HttpServices
{
    /// <param name="developmentKey">See <see cref="PageSettings"/>.</param>
    public static IServiceCollection AddRemoveBgHttp(this IServiceCollection services, string? developmentKey = null) =>
        services
        .AddSingleton<ApiEndpoint>()
        .AddSingleton<BodyReader>()
        .AddSingleton(new PageSettings(developmentKey))
        .AddSingleton<PageFacts>()
        .AddSingleton<HttpRouteTable>()
        .AddRouting()
        .Configure<KestrelServerOptions>(kestrel =>
        {
            // Each route has its own limits (BodyReader). With a limit here, Kestrel would reset the connection
            // instead of draining it.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            // Of a body that waits for memory; by default a megabyte.
            kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
        });
}
