using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Access;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.DropIn;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Network;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Segmentation;
using RemoveBg.Core.Store;
using RemoveBg.Core.Submit;
using RemoveBg.Core.Sweep;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core;

/// <summary>The bill of materials.</summary>
public static class RemoveBgServices
{
    public static IServiceCollection AddRemoveBg(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(configuration);

        // Settings: wrong ones stop the start, with a sentence that names them.
        services.AddSettings<NetworkOptions>(NetworkOptions.Section)
            .Validate(options => !options.AllowLoopbackForDevelopment || !IsOnAzure(configuration),
                $"{NetworkOptions.Section}:{nameof(NetworkOptions.AllowLoopbackForDevelopment)} is for development and "
                    + $"refused on Azure.");
        services.AddSettings<FetchOptions>(FetchOptions.Section);
        services.AddSettings<ImageOptions>(ImageOptions.Section);
        services.AddSettings<ModelOptions>(ModelOptions.Section);
        services.AddSingleton<IValidateOptions<ModelOptions>, ExecutionProvider.Check>();
        services.TryAddSingleton(_ => FunctionTimeout.Read(configuration, AppContext.BaseDirectory));
        services.AddSettings<PipelineOptions>(PipelineOptions.Section);
        services.AddSettings<ProcessOptions>(ProcessOptions.Section);
        services.AddSingleton<IValidateOptions<ProcessOptions>, FunctionTimeout.Check>();
        services.AddSettings<ResultOptions>(ResultOptions.Section);
        services.AddSettings<WebhookOptions>(WebhookOptions.Section);

        // What is counted; every host brings the IMeterFactory.
        services.AddSingleton<ServiceMetrics>();
        TelemetryExport.Add(services, configuration);

        // State: records, messages, bytes.
        services.AddSingleton<StorageClients>().AddSingleton<StorageSetup>()
            .AddHostedService(all => all.GetRequiredService<StorageSetup>());
        services.AddSingleton<ArtworkTable>().AddSingleton<ArtworkQueues>().AddSingleton<UnreadableMessages>()
            .AddSingleton<Admission>().AddSingleton<StoredImages>();

        // Who may, and how often.
        services.AddSingleton<ApiKeyTable>().AddSingleton<Authenticate>().AddSingleton<RateLimit>();

        // Submit, read.
        services.AddSingleton<CutOutOptionsParser>().AddSingleton<SubmitRequestParser>()
            .AddSingleton<IdempotencyTable>().AddSingleton<SubmitArtwork>();
        services.AddSingleton<ArtworkViews>().AddSingleton<ReadArtwork>().AddSingleton<ListArtworks>()
            .AddSingleton<CancelArtwork>().AddSingleton<DeleteArtwork>();

        // The same road for remove.bg's clients.
        services.AddSingleton<RemoveBgV1Request>().AddSingleton<RemoveBgV1>();

        // The guard of everything outgoing.
        services.TryAddSingleton<IAddressLookup, DnsLookup>();
        services.AddSingleton<UrlPolicy>().AddSingleton<GuardedConnector>();

        // Process.
        services.AddSingleton<ModelCatalog>().AddSingleton<ModelCache>()
            .AddHostedService(all => all.GetRequiredService<ModelCache>());
        services.AddSingleton<ImageFetcher>().AddSingleton<CutOutPipeline>().AddSingleton<PipelineSlots>()
            .AddSingleton<ProcessArtwork>();

        // Notify, sweep.
        services.AddSingleton<Announce>().AddSingleton<WebhookSender>().AddSingleton<DeliverWebhook>()
            .AddSingleton<WebhookDeliveries>();
        services.AddSingleton<SweepArtworks>();
        return services;
    }

    private static Microsoft.Extensions.Options.OptionsBuilder<T> AddSettings<T>(this IServiceCollection services,
        string section) where T : class =>
        services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();

    /// <summary>App Service, Functions and Container Apps set these; of the tools on a development machine only
    /// Core Tools may, and they say so.</summary>
    private static bool IsOnAzure(IConfiguration configuration) =>
        configuration["FUNCTIONS_CORETOOLS_ENVIRONMENT"] is null
        && (configuration["WEBSITE_INSTANCE_ID"] ?? configuration["WEBSITE_SITE_NAME"]
            ?? configuration["CONTAINER_APP_NAME"]) is not null;
}
