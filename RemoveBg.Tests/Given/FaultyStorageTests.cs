using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RemoveBg.Tests.Given;

/// <summary>Tests with a network in front of storage that fails when a test says so.</summary>
public abstract class FaultyStorageTests : HandRunTests
{
    internal StorageProxy Network { get; private set; } = null!;

    internal LogLines Log { get; private set; } = null!;

    protected override async Task<string> OpenStorageAsync()
    {
        Network = await StorageProxy.StartAsync(Storage.NewAccount());
        return Network.ConnectionString;
    }

    protected override void AddTo(IServiceCollection services) =>
        services.AddSingleton<ILoggerProvider>(Log = new());

    [TearDown]
    public async Task CloseNetwork()
    {
        await Network.DisposeAsync();
        Log.Dispose();
    }

    /// <summary>Does something once, before the first request that contains all of <paramref name="parts"/> reaches
    /// storage.</summary>
    internal void Before(Action act, params string[] parts)
    {
        var done = 0;
        Network.Decide = request =>
        {
            if (parts.All(part => request.Contains(part, StringComparison.Ordinal))
                && Interlocked.Exchange(ref done, 1) == 0) act();
            return Fate.Passed;
        };
    }
}
