using Azure;
using Azure.Identity;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.SelfHost.Hosting.Development;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary>Opens storage for one keys command: the configured storage, or this clone's Azurite, started if
/// necessary.</summary>
internal static class KeysSession
{
    public static Task<int> RunAsync(bool noAzurite, Func<KeyAdmin, CancellationToken, Task> work,
        CancellationToken cancellationToken) => UserException.ShownAsync(async () =>
    {
        try
        {
            var settings = new HostSettings { Root = HostSettings.FindRoot(), NoAzurite = noAzurite }
                .WithKindOfEnvironment();
            if (settings.NeedsAzurite()) settings.PrepareLocalFolder();
            await using var azurite = settings.NeedsAzurite()
                ? await Azurite.StartAsync(settings.Root, settings.AzuriteFolder, cancellationToken,
                    mayJoin: true) : null;
            await using var services = await ServicesAsync(settings, azurite?.ConnectionString, cancellationToken);
            await PrepareAsync(services, cancellationToken);
            await work(new(services.GetRequiredService<ApiKeyTable>(),
                services.GetRequiredService<WebhookSecretTable>(), services.GetRequiredService<AuditTable>(),
                services.GetRequiredService<EraseKeyData>(), services.GetRequiredService<RateLimit>(),
                services.GetRequiredService<TimeProvider>(), new(Terminal.Open(), Console.In,
                    $"{Environment.UserName}@{Environment.MachineName}")), cancellationToken);
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception problem) when (Explained(problem, cancellationToken) is { } sentence)
        {
            throw new UserException(sentence);
        }
    });

    /// <summary>The service's own parts, on the storage of the command. No host runs them.</summary>
    private static async Task<ServiceProvider> ServicesAsync(HostSettings settings, string? storage,
        CancellationToken cancellationToken)
    {
        var given = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        // On other storage, this clone's secret need not be the service's.
        var secrets = settings.IsDevelopment && storage is not null
            ? await DevelopmentSecrets.LoadOrCreateAsync(settings.LocalFolder, cancellationToken) : null;
        var configuration = new ConfigurationBuilder().AddConfiguration(given)
            .AddInMemoryCollection(HostApp.Known(given, settings, storage, secrets)).Build();
        return new ServiceCollection().AddLogging().AddMetrics().AddRemoveBg(configuration).BuildServiceProvider();
    }

    private static async Task PrepareAsync(ServiceProvider services, CancellationToken cancellationToken)
    {
        // Tables alone: an operator of keys needs no rights to queues and blobs.
        var storage = Open(services);
        foreach (var table in StorageSetup.Tables)
            await storage.Table(table).CreateIfNotExistsAsync(cancellationToken);

        // Before the first start of the service, what it will publish then.
        var secrets = services.GetRequiredService<WebhookSecretTable>();
        var options = new WebhookOptions();
        services.GetRequiredService<IConfiguration>().GetSection(WebhookOptions.Section).Bind(options);
        if (options.Secrets.Length == 0 || await secrets.FindPublicKeyAsync(cancellationToken) is not null) return;
        if (options.Validate(new(options)).FirstOrDefault() is { } invalid)
            throw new UserException(invalid.ErrorMessage!);
        await secrets.PublishAsync(SecretSeal.PublicKeyOf(options.ReadKeys()[0]), cancellationToken);
    }

    private static StorageClients Open(ServiceProvider services)
    {
        try
        {
            return services.GetRequiredService<StorageClients>();
        }
        catch (Exception problem)
            when (problem is FormatException or ArgumentException or InvalidOperationException)
        {
            throw new UserException($"{StorageClients.ConnectionName} is not usable: {problem.Message}");
        }
    }

    /// <returns>One sentence for a fault of storage or of the identity; null for every other exception.</returns>
    private static string? Explained(Exception problem, CancellationToken cancellationToken) => problem switch
    {
        AuthenticationFailedException => "You are not signed in to Azure: sign in with 'az login', or set "
            + $"{StorageClients.ConnectionName} to a connection string.",
        RequestFailedException { Status: 401 or 403 } => "Storage refuses access: check the account's key in "
            + $"{StorageClients.ConnectionName}, or your roles on the account.",
        _ when StorageFailure.Is(problem, cancellationToken) =>
            $"Storage does not respond. Check {StorageClients.ConnectionName}, and that the storage runs.",
        _ => null,
    };
}
