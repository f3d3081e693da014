using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.Tests.Given;

/// <summary>A pump of the self-host on real queues, with a function that does what the test says.</summary>
public abstract class PumpTests
{
    internal static readonly HostJson Settings =
        new("", BatchSize: 2, NewBatchThreshold: 1, MaxDequeueCount: 3, TimeSpan.Zero, TimeSpan.FromMilliseconds(200));

    private LoggerFactory _loggers = null!;

    internal QueueClient Queue { get; private set; } = null!;

    internal QueueClient Poison { get; private set; } = null!;

    internal StorageClients Clients { get; private set; } = null!;

    internal ArtworkQueues Queues { get; private set; } = null!;

    internal PumpedFunction.Conduct Function { get; private set; } = null!;

    internal LogLines Log { get; private set; } = null!;

    [SetUp]
    public async Task CreateQueues()
    {
        Clients = new(new ConfigurationBuilder()
            .AddInMemoryCollection([new(StorageClients.ConnectionName, await OpenStorageAsync())]).Build());
        (Queue, Poison) = (Clients.UndecodedQueue(PumpedFunction.Queue),
            Clients.UndecodedQueue(PumpedFunction.Queue + ArtworkQueues.PoisonSuffix));
        await Queue.CreateAsync();
        await Poison.CreateAsync();
        (Function, Queues, Log) = (new(), new(Clients), new());
        _loggers = new([Log]);
    }

    [TearDown]
    public void DisposeLog()
    {
        _loggers.Dispose();
        Log.Dispose();
    }

    /// <summary>Returns the connection string of the pump's account.</summary>
    protected virtual Task<string> OpenStorageAsync() => Task.FromResult(Storage.NewAccount());

    internal QueuePump QueuePumpOf(string queue, TimeProvider clock) =>
        new(FunctionNamed(nameof(PumpedFunction.Run)), queue, Clients, Queues, Setup(), Invoker(), Settings,
            new FunctionTimeout(TimeSpan.FromMinutes(5)), clock, _loggers.CreateLogger<QueuePump>());

    internal TimerPump TimerPumpOf(TimeProvider clock)
    {
        var function = FunctionNamed(nameof(PumpedFunction.Tick));
        return new(function, function.TriggerAttribute<TimerTriggerAttribute>()!, Setup(), Invoker(), clock,
            _loggers.CreateLogger<TimerPump>());
    }

    protected Task SendAsync(string text) => Queue.SendMessageAsync(PumpedFunction.Encode(text));

    protected static async Task<int> CountAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;

    private StorageSetup Setup() => new(Clients, _loggers.CreateLogger<StorageSetup>());

    private FunctionInvoker Invoker() =>
        new(new ServiceCollection().AddSingleton(Function).BuildServiceProvider()
            .GetRequiredService<IServiceScopeFactory>());

    private static DiscoveredFunction FunctionNamed(string name)
    {
        var method = typeof(PumpedFunction).GetMethod(name)!;
        return new(name, method, method.GetParameters()[0]);
    }
}
