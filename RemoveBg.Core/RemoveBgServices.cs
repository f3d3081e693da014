using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Access;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.DropIn;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Memory;
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

/// <summary>Registers every service.</summary>
public static class RemoveBgServices
{
    /// <param name="role">What the process does; null for all.</param>
    public static IServiceCollection AddRemoveBg(this IServiceCollection services, IConfiguration configuration,
        ServiceRole? role = null)
    {
        role ??= ServiceRole.All;
        services.AddSingleton(configuration).AddSingleton(role);

        // Time.
        services.AddSingleton(all =>
            new StorageClock(TimeProvider.System, all.GetRequiredService<ILogger<StorageClock>>()));
        services.AddSingleton<TimeProvider>(all => all.GetRequiredService<StorageClock>())
            .AddSingleton<RunningTime>();

        // Settings. Startup fails on an invalid value and names it.
        services.AddSettings<NetworkOptions>(NetworkOptions.Section)
            .Validate(options => !options.AllowLoopbackForDevelopment || !IsOnAzure(configuration),
                $"{NetworkOptions.Section}:{nameof(NetworkOptions.AllowLoopbackForDevelopment)} is for development and "
                    + "refused on Azure.");
        services.AddSettings<FetchOptions>(FetchOptions.Section);
        services.AddSettings<ImageOptions>(ImageOptions.Section);
        services.AddSettings<ModelOptions>(ModelOptions.Section);
        services.AddSingleton<IValidateOptions<ModelOptions>, ExecutionProvider.Check>();
        services.TryAddSingleton(_ => FunctionTimeout.Read(configuration, AppContext.BaseDirectory));
        services.AddSettings<UploadOptions>(UploadOptions.Section);
        services.AddSettings<MemoryOptions>(MemoryOptions.Section);
        services.AddSettings<PipelineOptions>(PipelineOptions.Section);
        services.AddSettings<ProcessOptions>(ProcessOptions.Section);
        services.AddSingleton<IValidateOptions<ProcessOptions>, FunctionTimeout.Check>();
        services.AddSettings<ResultOptions>(ResultOptions.Section);
        services.AddSettings<DiskOptions>(DiskOptions.Section);
        services.AddSettings<WebhookOptions>(WebhookOptions.Section, isChecked: role.NeedsSecrets);

        services.AddSettings<CorsOptions>(CorsOptions.Section);
        services.AddSettings<AccessOptions>(AccessOptions.Section)
            .PostConfigure(options => options.ProxyHops ??= IsOnAzure(configuration) ? 1 : 0);

        // Telemetry. Each host provides the IMeterFactory.
        services.AddSingleton<ServiceMetrics>();
        TelemetryExport.Add(services, configuration, role);

        // The memory that bodies, downloads and the pipeline share.
        services.AddSingleton<MemoryBudget>();

        // State: records, messages, blobs.
        services.AddSingleton<StorageClients>().AddSingleton<StorageSetup>()
            .AddHostedService(all => all.GetRequiredService<StorageSetup>());
        services.AddSingleton<ArtworkTable>().AddSingleton<ArtworkQueues>().AddSingleton<UnreadableMessages>()
            .AddSingleton<Admission>().AddSingleton<StoredImages>();
        services.AddSingleton<DiskSpace>()
            .AddSingleton(new WritableFolder("temporary files", Path.GetTempPath()));

        // Access: keys and rates.
        services.AddSingleton<ApiKeyTable>().AddSingleton<Authenticate>().AddSingleton<RateLimit>()
            .AddSingleton<RequestLimit>().AddSingleton<WaitingRequests>().AddSingleton<AuditTable>()
            .AddSingleton<KeyUsage>()
            .AddHostedService(all => all.GetRequiredService<KeyUsage>());

        // Submit, manage.
        services.AddSingleton<CutOutOptionsParser>().AddSingleton<SubmitRequestParser>()
            .AddSingleton<IdempotencyTable>().AddSingleton<SubmitArtwork>();
        services.AddSingleton(all => new ResultLinks(all.GetRequiredService<IOptions<ResultOptions>>(),
            () => all.GetRequiredService<IOptions<WebhookOptions>>().Value.ReadKeys(),
            all.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ArtworkViews>().AddSingleton<ReadArtwork>().AddSingleton<ListArtworks>()
            .AddSingleton<CancelArtwork>().AddSingleton<DeleteArtwork>().AddSingleton<EraseKeyData>();

        // The same, end to end, for remove.bg's clients.
        services.AddSingleton<RemoveBgV1Request>().AddSingleton<RemoveBgV1>();

        // The guard of outgoing requests.
        services.TryAddSingleton<IAddressLookup, DnsLookup>();
        services.AddSingleton<UrlPolicy>().AddSingleton<GuardedConnector>();

        // Process.
        services.AddSingleton<ModelCatalog>().AddSingleton<ModelCache>();
        if (role.NeedsModel) services.AddHostedService(all => all.GetRequiredService<ModelCache>());
        services.AddSingleton<ImageFetcher>().AddSingleton<FetchImages>().AddSingleton<CutOutPipeline>()
            .AddSingleton<PipelineSlots>().AddSingleton<ClaimArtwork>().AddSingleton<ProcessArtwork>();

        // Notify, sweep.
        services.AddSingleton<WebhookSecretTable>().AddSingleton<WebhookSecrets>();
        if (role.NeedsSecrets) services.AddHostedService(all => all.GetRequiredService<WebhookSecrets>());
        services.AddSingleton<CompleteArtwork>().AddSingleton<WebhookSender>().AddSingleton<DeliverWebhook>()
            .AddSingleton<WebhookDeliveries>().AddSingleton<TestWebhook>();
        services.AddSingleton<SweepArtworks>().AddSingleton<EraseExpired>();
        return services;
    }

    /// <param name="isChecked">False if the process does without these settings.</param>
    private static OptionsBuilder<T> AddSettings<T>(this IServiceCollection services, string section,
        bool isChecked = true) where T : class
    {
        var options = services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations();
        return isChecked ? options.ValidateOnStart() : options;
    }

    /// <summary>Whether one of the variables of App Service, Functions or Container Apps is set. Core Tools may set
    /// them too, but identify themselves.</summary>
    private static bool IsOnAzure(IConfiguration configuration) =>
        configuration["FUNCTIONS_CORETOOLS_ENVIRONMENT"] is null
        && (configuration["WEBSITE_INSTANCE_ID"] ?? configuration["WEBSITE_SITE_NAME"]
            ?? configuration["CONTAINER_APP_NAME"]) is not null;
}
