using RemoveBg.Core.Access;
using RemoveBg.Core.Clocks;
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
        var settings = new HostSettings { Root = HostSettings.FindRoot(), NoAzurite = noAzurite };
        await using var azurite = settings.NeedsAzurite()
            ? await Azurite.StartAsync(settings.Root, settings.AzuriteFolder, cancellationToken) : null;

        var configuration = new ConfigurationBuilder().AddEnvironmentVariables();
        if (azurite is not null)
            configuration.AddInMemoryCollection([new(StorageClients.ConnectionName, azurite.ConnectionString)]);
        var clock = new StorageClock(TimeProvider.System);
        var storage = new StorageClients(configuration.Build(), clock);
        await storage.Table("keys").CreateIfNotExistsAsync(cancellationToken);
        await work(new(new ApiKeyTable(storage, clock), clock, Terminal.Open()),
            cancellationToken);
        return 0;
    });
}
