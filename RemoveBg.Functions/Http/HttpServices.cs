using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Functions.DropIn;
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
        // Kestrel's own limit, 30 MB, is below that of one route; the routes count for themselves.
        .Configure<KestrelServerOptions>(
            kestrel => kestrel.Limits.MaxRequestBodySize = RemoveBgV1Http.LargestBody + 4096);
}
