using Microsoft.Extensions.Logging;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Store;

public sealed class StorageSetupTests
{
    [Test]
    public async Task Storage_that_fails_at_startup_is_reported_and_prepared_by_the_next_check()
    {
        await using var network = await StorageProxy.StartAsync(Storage.NewAccount());
        network.Decide = _ => Fate.Full;
        using var lines = new LogLines();
        using var log = new LoggerFactory([lines]);
        var clients = new StorageClients(KeyCommands.Settings(network.ConnectionString));
        using var setup = new StorageSetup(clients, log.CreateLogger<StorageSetup>());
        await setup.StartAsync(CancellationToken.None);
        await setup.ExecuteTask!;
        Assert.That(lines.Of(700), Has.Count.EqualTo(1).And.All.Contains("/readyz tries again"));

        network.Decide = _ => Fate.Passed;
        await setup.CheckAsync(CancellationToken.None);
        Assert.That((await clients.Queue("artworks").ExistsAsync()).Value, Is.True);
        Assert.That(lines.Of(700), Has.Count.EqualTo(1));
    }
}
