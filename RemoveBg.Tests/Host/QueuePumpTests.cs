using System.Collections.Concurrent;
using System.Text;
using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The pump against real queues, with functions that misbehave.</summary>
public sealed class QueuePumpTests
{
    private const string Name = "pumped";
    private static readonly HostJson Settings =
        new("", BatchSize: 2, NewBatchThreshold: 1, MaxDequeueCount: 3, TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
    private QueueClient _queue = null!, _poison = null!;
    private string _connection = null!;
    private StorageClients _storage = null!;
    private ArtworkQueues _queues = null!;
    private QueuePump _pump = null!;
    private Function _function = null!;

    [SetUp]
    public async Task Start()
    {
        _connection = Storage.NewAccount();
        _storage = new(new ConfigurationBuilder()
            .AddInMemoryCollection([new(StorageClients.ConnectionName, _connection)]).Build());
        (_queue, _poison) = (_storage.UndecodedQueue(Name), _storage.UndecodedQueue(Name + "-poison"));
        await _queue.CreateAsync();
        await _poison.CreateAsync();
        (_function, _queues) = (new(), new(_storage));
        _pump = PumpOf(Name, TimeProvider.System);
        await _pump.StartAsync(CancellationToken.None);
    }

    [TearDown]
    public async Task Stop()
    {
        await _pump.StopAsync(CancellationToken.None);
        _pump.Dispose();
    }

    [Test]
    public async Task A_message_that_succeeds_is_deleted()
    {
        await SendAsync("hello");
        await Eventually.HoldsAsync(async () => await CountAsync(_queue) == 0, "the queue is empty");
        Assert.That(_function.Calls, Is.EqualTo(new[] { Encode("hello") }));
        Assert.That(await CountAsync(_poison), Is.Zero);
    }

    [Test]
    public async Task A_message_that_always_fails_is_retried_as_set_in_host_json_and_then_poisoned()
    {
        _function.Body = _ => throw new InvalidOperationException("always");
        await SendAsync("bad");
        await Eventually.HoldsAsync(async () => await CountAsync(_poison) == 1, "it is in the poison queue");
        await Eventually.HoldsAsync(async () => await CountAsync(_queue) == 0, "it has left the queue");
        Assert.That(_function.Calls, Has.Count.EqualTo(Settings.MaxDequeueCount));
        Assert.That((await _poison.PeekMessageAsync()).Value.Body.ToString(), Is.EqualTo(Encode("bad")), "as it was");
    }

    [Test]
    public async Task A_message_that_is_not_base64_reaches_the_function_unchanged()
    {
        await _queue.SendMessageAsync("%%% not base64");
        await SendAsync("good");
        await Eventually.HoldsAsync(() => _function.Calls.Count == 2, "both are served");
        Assert.That(_function.Calls, Is.EquivalentTo(new[] { "%%% not base64", Encode("good") }));
        Assert.That(await CountAsync(_poison), Is.Zero);
    }

    [Test]
    public async Task No_more_run_at_once_than_batch_size_and_threshold_allow()
    {
        var (running, most, go) = (0, 0, new TaskCompletionSource());
        _function.Body = async _ =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            await go.Task;
            Interlocked.Decrement(ref running);
        };
        for (var i = 0; i < 12; i++) await SendAsync($"{i}");
        await Eventually.HoldsAsync(() => _function.Calls.Count >= 2, "the first batch runs");
        go.SetResult();
        await Eventually.HoldsAsync(() => _function.Calls.Count == 12, "all are served");
        Assert.That(most, Is.LessThanOrEqualTo(Settings.BatchSize + Settings.NewBatchThreshold));
    }

    [Test]
    public async Task A_stopping_pump_finishes_the_running_message_and_takes_no_other()
    {
        var (started, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        _function.Body = async _ =>
        {
            started.TrySetResult();
            await go.Task;
        };
        await SendAsync("running");
        await started.Task;
        var stopping = _pump.StopAsync(CancellationToken.None);
        await SendAsync("late");
        go.SetResult();
        await stopping;
        Assert.That(_function.Calls, Is.EqualTo(new[] { Encode("running") }));
        Assert.That(await CountAsync(_queue), Is.EqualTo(1), "the late message stays for another host");
    }

    [Test]
    public async Task A_message_that_this_process_sends_does_not_wait_for_the_next_poll()
    {
        using var requests = new StorageRequests(_connection);
        // Its clock stands still, so it polls only once.
        using var pump = PumpOf(ArtworkQueues.Artworks, new FakeTimeProvider());
        await pump.StartAsync(CancellationToken.None);
        await Eventually.HoldsAsync(() => requests.CountOf("/artworks/messages?numofmessages=") == 1, "it polls");
        await _queues.SendToProcessAsync(Guid.NewGuid(), CancellationToken.None);
        await Eventually.HoldsAsync(() => _function.Calls.Count == 1, "it is woken");
        await pump.StopAsync(CancellationToken.None);
    }

    private QueuePump PumpOf(string queue, TimeProvider clock)
    {
        var services = new ServiceCollection().AddSingleton(_function).BuildServiceProvider();
        var method = typeof(PumpedFunction).GetMethod(nameof(PumpedFunction.Run))!;
        return new(new("Pumped", method, method.GetParameters()[0]), queue, _storage, _queues,
            new StorageSetup(_storage, NullLogger<StorageSetup>.Instance),
            new FunctionInvoker(services.GetRequiredService<IServiceScopeFactory>()), Settings,
            new FunctionTimeout(TimeSpan.FromMinutes(5)), clock, NullLogger<QueuePump>.Instance);
    }

    private Task SendAsync(string text) => _queue.SendMessageAsync(Encode(text));

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async Task<int> CountAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; value > seen; seen = most) Interlocked.CompareExchange(ref most, value, seen);
    }

    public sealed class Function
    {
        public ConcurrentQueue<string> Calls { get; } = [];

        public Func<string, Task> Body { get; set; } = _ => Task.CompletedTask;
    }

    public sealed class PumpedFunction(Function function)
    {
        [Function("Pumped")]
        public Task Run([QueueTrigger(Name)] string message)
        {
            function.Calls.Enqueue(message);
            return function.Body(message);
        }
    }
}
