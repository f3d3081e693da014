using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Access;
using RemoveBg.Core.Store;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Lets pages of the configured origins call the service. On Azure the platform does this (infra/).</summary>
internal static class Cors
{
    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    public static void UseConfiguredOrigins(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<CorsOptions>>().Value.List is not { Count: > 0 } origins) return;
        app.UseCors(policy => policy.WithOrigins([.. origins]).SetPreflightMaxAge(MaxAge)
            .WithMethods("GET", "HEAD", "POST", "DELETE")
            .WithHeaders("Authorization", "X-Api-Key", "Content-Type", "Idempotency-Key", "Prefer", "Last-Event-ID",
                "Cache-Control", "traceparent"));
    }
}

/// <summary>Lets pages of the configured origins read results from the storage emulator, at startup.</summary>
internal sealed class ResultCors(StorageClients storage, IOptions<CorsOptions> cors) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (cors.Value.List is not { Count: > 0 } origins) return;
        var properties = (await storage.Blobs.GetPropertiesAsync(cancellationToken)).Value;
        properties.Cors =
        [
            new BlobCorsRule
            {
                AllowedOrigins = string.Join(',', origins), AllowedMethods = "GET,HEAD", AllowedHeaders = "range",
                ExposedHeaders = "content-length,content-type,etag", MaxAgeInSeconds = (int)Cors.MaxAge.TotalSeconds,
            },
        ];
        await storage.Blobs.SetPropertiesAsync(properties, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
