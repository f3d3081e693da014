using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The pump against real queues, with functions that misbehave.</summary>
public sealed class QueuePumpTests : PumpTests
{
    /// <summary>A queue of a pump with another clock, or one that starts later.</summary>
    private const string Other = "other";

    private QueuePump _pump = null!;
    private string _connection = null!;

    [SetUp]
    public async Task Start()
    {
        _pump = QueuePumpOf(PumpedFunction.Queue, TimeProvider.System);
        await _pump.StartAsync(CancellationToken.None);
    }

    [TearDown]
    public async Task Stop()
    {
        await _pump.StopAsync(CancellationToken.None);
        _pump.Dispose();
    }

    protected override Task<string> OpenStorageAsync() => Task.FromResult(_connection = Storage.NewAccount());

    [Test]
    public async Task A_message_that_succeeds_is_deleted()
    {
        await SendAsync("hello");
        await Eventually.HoldsAsync(async () => await CountAsync(Queue) == 0, "the queue is empty");
        Assert.That(Function.Calls, Is.EqualTo(new[] { PumpedFunction.Encode("hello") }));
        Assert.That(await CountAsync(Poison), Is.Zero);
    }

    [Test]
    public async Task A_message_that_always_fails_is_retried_as_set_in_host_json_and_then_poisoned()
    {
        Function.Body = (_, _) => throw new InvalidOperationException("always");
        await SendAsync("bad");
        await Eventually.HoldsAsync(async () => await CountAsync(Poison) == 1, "it is in the poison queue");
        await Eventually.HoldsAsync(async () => await CountAsync(Queue) == 0, "it has left the queue");
        Assert.That(Function.Calls, Has.Count.EqualTo(Settings.MaxDequeueCount));
        Assert.That((await Poison.PeekMessageAsync()).Value.Body.ToString(),
            Is.EqualTo(PumpedFunction.Encode("bad")), "as it was");
    }

    [Test]
    public async Task A_message_that_is_not_base64_reaches_the_function_unchanged()
    {
        await Queue.SendMessageAsync("%%% not base64");
        await SendAsync("good");
        await Eventually.HoldsAsync(() => Function.Calls.Count == 2, "both are served");
        Assert.That(Function.Calls, Is.EquivalentTo(new[] { "%%% not base64", PumpedFunction.Encode("good") }));
        Assert.That(await CountAsync(Poison), Is.Zero);
    }

    [Test]
    public async Task No_more_run_at_once_than_batch_size_and_threshold_allow()
    {
        var (running, most, go) = (0, 0, new TaskCompletionSource());
        Function.Body = async (_, _) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            await go.Task;
            Interlocked.Decrement(ref running);
        };
        for (var i = 0; i < 12; i++) await SendAsync($"{i}");
        await Eventually.HoldsAsync(() => Function.Calls.Count >= 2, "the first batch runs");
        go.SetResult();
        await Eventually.HoldsAsync(() => Function.Calls.Count == 12, "all are served");
        Assert.That(most, Is.LessThanOrEqualTo(Settings.BatchSize + Settings.NewBatchThreshold));
    }

    [Test]
    public async Task A_stopping_pump_finishes_the_running_message_and_takes_no_other()
    {
        var (started, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        Function.Body = async (_, _) =>
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
        Assert.That(Function.Calls, Is.EqualTo(new[] { PumpedFunction.Encode("running") }));
        Assert.That(await CountAsync(Queue), Is.EqualTo(1), "the late message stays for another host");
    }

    [Test]
    public async Task A_message_that_this_process_sends_does_not_wait_for_the_next_poll()
    {
        using var requests = new StorageRequests(_connection);
        // Its clock stands still, so it polls only once.
        using var pump = QueuePumpOf(ArtworkQueues.Artworks, new FakeTimeProvider());
        await pump.StartAsync(CancellationToken.None);
        await Eventually.HoldsAsync(() => requests.CountOf("/artworks/messages?numofmessages=") == 1, "it polls");
        await Queues.SendToProcessAsync(Guid.NewGuid(), CancellationToken.None);
        await Eventually.HoldsAsync(() => Function.Calls.Count == 1, "it is woken");
        await pump.StopAsync(CancellationToken.None);
    }

    [Test]
    public async Task A_message_that_was_taken_too_often_is_poisoned_without_being_run()
    {
        using var pump = QueuePumpOf(Other, TimeProvider.System);
        var (queue, poison) = (Clients.UndecodedQueue(Other), Clients.UndecodedQueue(Other + "-poison"));
        await queue.CreateAsync();
        await poison.CreateAsync();
        await queue.SendMessageAsync("crashes its host");
        for (var taken = 0; taken < Settings.MaxDequeueCount; taken++)
        {
            var message = (await queue.ReceiveMessageAsync()).Value;
            await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero);
        }
        await pump.StartAsync(CancellationToken.None);
        await Eventually.HoldsAsync(async () => await CountAsync(queue) == 0, "it has left the queue");
        await pump.StopAsync(CancellationToken.None);
        Assert.Multiple(() =>
        {
            Assert.That(poison.PeekMessage().Value?.Body.ToString(), Is.EqualTo("crashes its host"));
            Assert.That(Function.Calls, Is.Empty);
            Assert.That(Log.Of(1002), Is.EqualTo(
                new[] { $"Queue {Other}: moved a message to the poison queue without running it" }));
        });
    }

    [Test]
    public async Task A_message_that_outlasts_the_grace_of_a_stopping_pump_is_cancelled_and_given_back_at_once()
    {
        var clock = new FakeTimeProvider();
        using var pump = QueuePumpOf(Other, clock);
        var queue = Clients.UndecodedQueue(Other);
        await queue.CreateAsync();
        var started = new TaskCompletionSource();
        Function.Body = async (_, cancellationToken) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);
        };
        await queue.SendMessageAsync("endless");
        await pump.StartAsync(CancellationToken.None);
        await started.Task;
        var stopping = pump.StopAsync(CancellationToken.None);
        await Eventually.HoldsAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return stopping.IsCompleted;
        }, "it stops");
        Assert.Multiple(() =>
        {
            Assert.That(queue.PeekMessage().Value?.Body.ToString(), Is.EqualTo("endless"));
            Assert.That(Log.Of(1005), Is.EqualTo(new[] { $"Queue {Other}: waiting for 1 running messages" }));
            Assert.That(Log.Of(1003), Is.Empty, "it has not failed");
        });
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; value > seen; seen = most) Interlocked.CompareExchange(ref most, value, seen);
    }
}
