using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core;
using RemoveBg.Core.Memory;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Memory;

/// <summary>Bodies book their memory first, on a clock that the tests move.</summary>
public sealed class MemoryBudgetTests
{
    private FakeTimeProvider _clock = null!;
    private MemoryBudget _budget = null!;

    [SetUp]
    public void Open()
    {
        _clock = new();
        _budget = Of(new MemoryOptions(), _clock);
    }

    [Test]
    public async Task A_key_that_holds_its_share_waits_while_another_key_gets_memory()
    {
        using var first = await BookAsync("greedy");
        var second = BookAsync("greedy");
        using var other = await BookAsync("other");
        Assert.That(second.IsCompleted, Is.False);
        first.Dispose();
        (await second).Dispose();
    }

    [Test]
    public async Task A_body_that_finds_no_memory_for_half_a_minute_gets_429()
    {
        using var first = await BookAsync("a");
        using var second = await BookAsync("b");
        first.Arrived(first.Length);
        second.Arrived(second.Length);
        var third = BookAsync("c");
        await AdvanceUntilAsync(() => third.IsCompleted);
        var refusal = Assert.ThrowsAsync<ApiException>(() => third)!;
        Assert.That((refusal.StatusCode, refusal.RetryAfter), Is.EqualTo((429, TimeSpan.FromSeconds(10))));
        Assert.That(_budget.WaitingBodies, Is.Zero);
        Assert.That(first.GaveWay.IsCancellationRequested || second.GaveWay.IsCancellationRequested, Is.False,
            "those that have arrived are not cut off");
    }

    [Test]
    public async Task The_largest_body_that_has_not_arrived_gives_way_when_another_key_waits()
    {
        using var large = await BookAsync("slow");
        using var small = await BookAsync("quick", MemoryBudget.KeyBodyBytes / 2);
        var waiting = BookAsync("other");
        await AdvanceUntilAsync(() => large.GaveWay.IsCancellationRequested);
        await AdvanceAsync(5);
        Assert.That(small.GaveWay.IsCancellationRequested, Is.False, "one is enough");
        large.Dispose();
        (await waiting).Dispose();
    }

    [Test]
    public async Task A_smaller_body_gives_way_if_it_has_taken_its_memory_for_longer()
    {
        using var small = await BookAsync("slow", MemoryBudget.KeyBodyBytes / 2);
        await AdvanceAsync(20);
        using var large = await BookAsync("quick");
        await AdvanceAsync(4);
        var waiting = BookAsync("other");
        await AdvanceUntilAsync(() => small.GaveWay.IsCancellationRequested || large.GaveWay.IsCancellationRequested);
        Assert.That((small.GaveWay.IsCancellationRequested, large.GaveWay.IsCancellationRequested),
            Is.EqualTo((true, false)));
        small.Dispose();
        (await waiting).Dispose();
    }

    [Test]
    public async Task While_one_body_gives_way_no_other_does_even_if_it_has_taken_more_since()
    {
        using var old = await BookAsync("old", MemoryBudget.KeyBodyBytes / 2);
        await AdvanceAsync(8);
        using var large = await BookAsync("large");
        var waiting = BookAsync("other");
        await AdvanceUntilAsync(() => old.GaveWay.IsCancellationRequested);
        await AdvanceUntilAsync(() => _clock.GetElapsedTime(large.Since) > TimeSpan.FromSeconds(15));
        Assert.That(large.GaveWay.IsCancellationRequested, Is.False, "soon there is memory");
        old.Dispose();
        (await waiting).Dispose();
    }

    [Test]
    public async Task A_body_has_three_seconds_before_it_gives_way()
    {
        var clock = new WatchedClock();
        var budget = Of(new(), clock);
        using var first = await budget.BookBodyAsync("a", MemoryBudget.KeyBodyBytes, CancellationToken.None);
        using var second = await budget.BookBodyAsync("b", MemoryBudget.KeyBodyBytes, CancellationToken.None);
        var waiting = budget.BookBodyAsync("c", MemoryBudget.KeyBodyBytes, CancellationToken.None);
        for (var age = 1; age <= 3; age++)
        {
            Assert.That(first.GaveWay.IsCancellationRequested || second.GaveWay.IsCancellationRequested, Is.False);
            // Each second, the one that waits looks again, and then waits with a new timer.
            var timers = clock.Timers;
            clock.Advance(TimeSpan.FromSeconds(1));
            await Eventually.HoldsAsync(() => clock.Timers > timers, "it has looked");
        }
        Assert.That(first.GaveWay.IsCancellationRequested ^ second.GaveWay.IsCancellationRequested, Is.True);
        first.Dispose();
        (await waiting).Dispose();
    }

    [Test]
    public async Task A_waiter_that_its_caller_cancels_gets_no_429()
    {
        using var first = await BookAsync("a");
        using var cancellation = new CancellationTokenSource();
        var second = _budget.BookBodyAsync("a", 1, cancellation.Token);
        await cancellation.CancelAsync();
        Assert.That(async () => await second, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_download_waits_until_another_gives_its_place_back_once()
    {
        var first = await _budget.BookDownloadsAsync("a", 2, CancellationToken.None);
        using var others = await _budget.BookDownloadsAsync("b", MemoryBudget.Downloads - 2, CancellationToken.None);
        var third = _budget.BookDownloadsAsync("c", 1, CancellationToken.None);
        Assert.That(third.IsCompleted, Is.False);
        first.Dispose();
        first.Dispose();
        using var entered = await third;
        Assert.That(_budget.BookDownloadsAsync("c", 2, CancellationToken.None).IsCompleted, Is.False,
            "one place is left");
    }

    [Test]
    public async Task A_key_cannot_make_others_give_way_beyond_its_share()
    {
        using var own = await BookAsync("greedy");
        using var other = await BookAsync("other");
        own.Arrived(own.Length);
        var more = BookAsync("greedy");
        await AdvanceUntilAsync(() => more.IsCompleted);
        Assert.ThrowsAsync<ApiException>(() => more);
        Assert.That(other.GaveWay.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task What_a_body_did_not_need_is_given_back_when_it_has_arrived()
    {
        using var short1 = await BookAsync("a");
        short1.Arrived(10);
        using var second = await BookAsync("a", MemoryBudget.KeyBodyBytes - 10);
        Assert.That(short1.Bytes.Length, Is.EqualTo(10));
    }

    [Test]
    public void All_parts_of_the_budget_add_up_to_it()
    {
        var budget = Of(new() { MemoryBudgetMB = 1_000 }, _clock);
        var fixedMB = MemoryBudget.BaseMB + 172
            + Math.Ceiling((MemoryBudget.BodyBytes + MemoryBudget.Downloads * MemoryBudget.DownloadBytes) / 1e6);
        Assert.That(budget.PipelineMB(networkMB: 172, othersMB: 0) + fixedMB, Is.EqualTo(1_000).Within(1));
        Assert.That(budget.PipelineMB(networkMB: 172, othersMB: MemoryBudget.NetworkFilesMB + 30),
            Is.EqualTo(budget.PipelineMB(networkMB: 172, othersMB: 0) - 30), "weights of other networks");
    }

    [Test]
    public void By_default_the_pipeline_has_260_MB_per_core_and_at_most_what_the_machine_leaves()
    {
        var machine = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1_000_000;
        var rest = MemoryBudget.BaseMB + Math.Ceiling(MemoryBudget.BodyBytes / 1e6)
            + Math.Ceiling(MemoryBudget.Downloads * MemoryBudget.DownloadBytes / 1e6);
        Assert.That(_budget.PipelineMB(networkMB: 0, othersMB: 0),
            Is.EqualTo(Math.Min(260 * Math.Max(2, Environment.ProcessorCount), machine - rest)).Within(1));
        Assert.That(_budget.PipelineMB(networkMB: machine, othersMB: 0), Is.EqualTo(-rest).Within(1));
    }

    [Test]
    public async Task A_native_stream_returns_what_was_written_across_its_pieces()
    {
        var bytes = new byte[2_500_000];
        new Random(1).NextBytes(bytes);
        await using var stream = new NativeStream();
        foreach (var part in bytes.Chunk(700_001)) stream.Write(part);
        stream.Seek(1_048_570, SeekOrigin.Begin);
        stream.Write([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }.CopyTo(bytes, 1_048_570);
        stream.Position = 0;
        var read = new byte[bytes.Length];
        stream.ReadExactly(read);
        Assert.That(read.AsSpan().SequenceEqual(bytes));
        Assert.That((stream.Length, stream.ReadByte()), Is.EqualTo((bytes.Length, -1)));
    }

    private static MemoryBudget Of(MemoryOptions options, TimeProvider clock) => new(Options.Create(options), clock);

    private Task<BodyMemory> BookAsync(string key, int bytes = MemoryBudget.KeyBodyBytes) =>
        _budget.BookBodyAsync(key, bytes, CancellationToken.None);

    private Task AdvanceUntilAsync(Func<bool> holds) => Eventually.HoldsAsync(() =>
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        return holds();
    }, "it happens as time passes");

    private async Task AdvanceAsync(int seconds)
    {
        for (; seconds > 0; seconds--)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    /// <summary>Counts the timers that have been set.</summary>
    private sealed class WatchedClock : FakeTimeProvider
    {
        private int _timers;

        public int Timers => _timers;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
