using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Functions.Web;

namespace RemoveBg.Functions.Http;

/// <summary>What the HTTP functions need beyond the service itself, on whichever host they run.</summary>
public static class HttpServices
{
    /// <param name="developmentKey">See <see cref="PageSettings"/>.</param>
    public static IServiceCollection AddRemoveBgHttp(this IServiceCollection services, string? developmentKey = null) =>
        services
        .AddSingleton<ApiEndpoint>()
        .AddSingleton(new PageSettings(developmentKey))
        .AddSingleton<HttpRouteTable>()
        .AddRouting()
        // Each route has a limit of its own. With one here Kestrel would break the connection instead of draining it.
        .Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestBodySize = null);
}
