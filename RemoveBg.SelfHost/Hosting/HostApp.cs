using System.Net;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Network;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Segmentation;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;
using RemoveBg.SelfHost.Hosting.Development;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Runs the function classes in one process, in place of the Functions host.</summary>
internal static class HostApp
{
    /// <summary>Time in which a stopping process ends its requests and jobs. What runs longer is handed back.</summary>
    public static readonly TimeSpan StopTime = TimeSpan.FromSeconds(45);

    /// <param name="storage">Connection string of the started emulator; null if storage is configured.</param>
    /// <param name="secrets">Development key and secret; null outside development.</param>
    /// <param name="configure">Overrides services and settings, for tests.</param>
    public static WebApplication Build(HostSettings settings, string? storage, DevelopmentSecrets? secrets,
        Action<WebApplicationBuilder>? configure = null)
    {
        // 1. The service, and the address that it listens on.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions {
            ContentRootPath = AppContext.BaseDirectory, EnvironmentName = settings.EnvironmentName });
        var functions = builder.AddService(settings, storage, secrets);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Parse(settings.Address), settings.Port);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTime);

        // 2. What requests need.
        builder.Services.AddRemoveBgHttp(secrets?.ApiKey);
        builder.Services.AddCors();
        if (storage is not null) builder.Services.AddHostedService<ResultCors>();
        if (storage is not null && Directory.Exists(settings.AzuriteFolder))
            builder.Services.AddSingleton(new WritableFolder("the storage emulator", settings.AzuriteFolder));

        // 3. The triggers of its role.
        var hostJson = HostJson.Read(Path.Combine(AppContext.BaseDirectory, "host.json"));
        builder.Services.AddSingleton(hostJson).AddHostedService(all => new Pumps([.. PumpsOf(settings.Role)
            .Select(create => create(all))]));
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseConfiguredOrigins();
        app.MapFunctions(functions, hostJson, settings.Role);
        return app;

        IEnumerable<Func<IServiceProvider, BackgroundService>> PumpsOf(ServiceRole role)
        {
            foreach (var function in functions)
                if (role.TakesMessages && function.TriggerAttribute<QueueTriggerAttribute>() is { } queue)
                    yield return all => ActivatorUtilities.CreateInstance<QueuePump>(all, function, queue.QueueName);
                else if (role.RunsTimers && function.TriggerAttribute<TimerTriggerAttribute>() is { } timer)
                    yield return all => ActivatorUtilities.CreateInstance<TimerPump>(all, function, timer);
        }
    }

    /// <summary>Makes a host and its services, which read the settings. One that starts with invalid settings could not
    /// be stopped.</summary>
    /// <exception cref="UserException">A setting is invalid.</exception>
    public static T Made<T>(Func<T> make) where T : IHost
    {
        try
        {
            var host = make();
            _ = host.Services.GetServices<IHostedService>().ToList();
            return host;
        }
        catch (Exception problem) when (SettingProblem.OfStart(problem) is { } sentence)
        {
            throw new UserException(sentence);
        }
    }

    /// <summary>Starts the app and returns when it is ready: storage responds, the model is loaded if its role needs
    /// one, the development key exists.</summary>
    /// <exception cref="UserException">The port is taken, a setting is invalid, or storage or model is
    /// missing.</exception>
    public static async Task StartAndWaitUntilReadyAsync(WebApplication app, HostSettings settings,
        DevelopmentSecrets? secrets, CancellationToken cancellationToken)
    {
        await ExplainedAsync(async () =>
        {
            await StartedAsync(app, cancellationToken);
            await app.Services.GetRequiredService<StorageSetup>().EnsureAsync(cancellationToken);
            if (secrets is not null)
                await secrets.RegisterAsync(app.Services.GetRequiredService<ApiKeyTable>(), cancellationToken);
            if (settings.Role.NeedsModel)
                await app.Services.GetRequiredService<ModelCache>().GetAsync(cancellationToken);
        }, settings, cancellationToken);
    }

    /// <exception cref="UserException">A setting is invalid that is read only now, such as an address of Kestrel's or
    /// of telemetry.</exception>
    private static async Task StartedAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception problem) when (SettingProblem.OfStart(problem) is { } sentence)
        {
            throw new UserException(sentence);
        }
    }

    /// <summary>Runs what may meet wrong settings, and says in one sentence which.</summary>
    /// <exception cref="UserException">The port is taken, a setting is invalid, or storage or model is
    /// missing.</exception>
    public static async Task ExplainedAsync(Func<Task> run, HostSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            await run();
        }
        catch (Exception problem) when (SettingProblem.Sentence(problem) is { } sentence)
        {
            throw new UserException(sentence);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, cancellationToken))
        {
            throw new UserException("storage does not respond. Check the connection string in AzureWebJobsStorage.");
        }
        catch (IOException problem)
            when (problem.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw PortTaken(settings.Port);
        }
    }

    internal static UserException PortTaken(int port) =>
        new($"port {port} is taken: stop the program that uses it, or choose another port with --port.");

    /// <summary>Returns the app settings that follow from the command line and this clone.</summary>
    internal static Dictionary<string, string?> Known(IConfiguration given, HostSettings settings, string? storage,
        DevelopmentSecrets? secrets)
    {
        var known = new Dictionary<string, string?>();
        if (storage is not null) known[StorageClients.ConnectionName] = storage;
        if (settings.Model is not null) known[$"{ModelOptions.Section}:Name"] = settings.Model;
        if (given[$"{ModelOptions.Section}:Folders"] is null)
            known[$"{ModelOptions.Section}:Folders"] = settings.ModelFolders();
        if (secrets is not null && given[$"{WebhookOptions.Section}:Secrets"] is null)
            known[$"{WebhookOptions.Section}:Secrets"] = secrets.WebhookSecret;
        if (given[CorsOptions.OriginsSetting] is { } origins) known[CorsOptions.OriginsSetting] = origins;
        if (given["REMOVEBG_DEV_LOOPBACK"] is { } loopback)
            known[$"{NetworkOptions.Section}:AllowLoopbackForDevelopment"] = loopback;
        return known;
    }
}
