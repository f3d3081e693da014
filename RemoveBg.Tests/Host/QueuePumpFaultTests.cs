using Microsoft.Extensions.Time.Testing;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The pump on queues that refuse what it asks. Its clock stands still until a test moves it.</summary>
public sealed class QueuePumpFaultTests : PumpTests
{
    private readonly FakeTimeProvider _clock = new();
    private StorageProxy _network = null!;
    private QueuePump _pump = null!;

    [SetUp]
    public async Task Start()
    {
        _pump = QueuePumpOf(PumpedFunction.Queue, _clock);
        await _pump.StartAsync(CancellationToken.None);
    }

    [TearDown]
    public async Task Stop()
    {
        // A function that still runs, because its test failed, would hold it up until the grace is over.
        var stopping = _pump.StopAsync(CancellationToken.None);
        await AsTimePassesAsync(() => stopping.IsCompleted, "the pump stops");
        _pump.Dispose();
        await _network.DisposeAsync();
    }

    protected override async Task<string> OpenStorageAsync()
    {
        _network = await StorageProxy.StartAsync(Storage.NewAccount());
        return _network.ConnectionString;
    }

    [Test]
    public async Task A_queue_that_hands_out_no_messages_is_asked_again()
    {
        var struck = _network.Strike(Fate.Full, 2, "GET ", "/pumped/messages?numofmessages=");
        await SendAsync("hello");
        await AsTimePassesAsync(() => !Function.Calls.IsEmpty, "the message is served");
        Assert.Multiple(() =>
        {
            Assert.That(struck(), Is.EqualTo(2));
            Assert.That(Function.Calls, Is.EqualTo(new[] { PumpedFunction.Encode("hello") }));
            Assert.That(Log.Of(1000), Is.EqualTo(Enumerable.Repeat(
                "Queue pumped does not respond: RequestFailedException", 2)));
        });
    }

    [Test]
    public async Task A_message_that_cannot_be_deleted_stays_leased_and_the_pump_goes_on()
    {
        _network.Strike(Fate.Full, 1, "DELETE ", "/pumped/messages/");
        await SendAsync("first");
        await AsTimePassesAsync(() => Log.Of(1001).Count == 1, "it is not deleted");
        await SendAsync("second");
        await AsTimePassesAsync(() => Function.Calls.Count == 2, "the pump goes on");
        await AsTimePassesAsync(async () => await CountAsync(Queue) == 1, "only the first is left");
        Assert.Multiple(() =>
        {
            Assert.That(Log.Of(1001), Is.EqualTo(
                new[] { "Queue pumped: could not settle a message (RequestFailedException)" }));
            Assert.That(Queue.PeekMessage().Value, Is.Null, "its lease goes on");
        });
    }

    [Test]
    public async Task A_message_that_the_poison_queue_refuses_is_not_lost()
    {
        _network.Strike(Fate.Full, 1, "POST ", "/pumped-poison/messages");
        Function.Body = (_, _) => throw new InvalidOperationException("always");
        await SendAsync("bad");
        await AsTimePassesAsync(() => Log.Of(1001).Count == 1, "it is not moved");
        Assert.Multiple(async () =>
        {
            Assert.That(await CountAsync(Queue), Is.EqualTo(1));
            Assert.That(await CountAsync(Poison), Is.Zero);
        });
    }

    [Test]
    public async Task A_lease_that_is_not_renewed_once_is_renewed_the_next_time_and_the_message_is_settled()
    {
        var go = new TaskCompletionSource();
        Function.Body = (_, _) => go.Task;
        var struck = _network.Strike(Fate.Full, 1, "PUT ", "/pumped/messages/");
        var renewed = new TaskCompletionSource();
        var strike = _network.Decide;
        _network.Decide = request =>
        {
            var fate = strike(request);
            if (struck() == 1 && fate == Fate.Passed && request.StartsWith("PUT ", StringComparison.Ordinal))
                renewed.TrySetResult();
            return fate;
        };
        await SendAsync("long");
        await AsTimePassesAsync(() => renewed.Task.IsCompleted, "the lease is renewed");
        go.SetResult();
        await AsTimePassesAsync(async () => await CountAsync(Queue) == 0, "the message is deleted");
        Assert.Multiple(() =>
        {
            Assert.That(Log.Of(1004), Is.EqualTo(
                new[] { "Queue pumped: could not renew a lease (RequestFailedException)" }));
            Assert.That(Log.Of(1001), Is.Empty, "the receipt is that of the last renewal");
            Assert.That(Function.Calls, Has.Count.EqualTo(1));
        });
    }

    private Task AsTimePassesAsync(Func<bool> condition, string what) =>
        AsTimePassesAsync(() => Task.FromResult(condition()), what);

    private Task AsTimePassesAsync(Func<Task<bool>> condition, string what) => Eventually.HoldsAsync(() =>
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        return condition();
    }, what);
}
