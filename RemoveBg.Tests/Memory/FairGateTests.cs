using RemoveBg.Core.Memory;

namespace RemoveBg.Tests.Memory;

public sealed class FairGateTests
{
    private readonly List<string> _served = [];

    [Test]
    public async Task Keys_are_served_round_robin_and_the_waiters_of_one_key_in_order()
    {
        var gate = new FairGate(slots: 1);
        await gate.EnterAsync("first", CancellationToken.None);
        var all = new[] { "a1", "a2", "a3", "b1", "c1", "c2" }.Select(name => EnterAsync(gate, name)).ToList();
        Assert.That(_served, Is.Empty, "the only slot is taken");
        var holder = "first";
        while (all.Count > 0)
        {
            gate.Leave(holder);
            await Task.WhenAny(all);
            all.RemoveAll(task => task.IsCompleted);
            holder = _served[^1][..1];
        }
        Assert.That(_served, Is.EqualTo(new[] { "a1", "b1", "c1", "a2", "c2", "a3" }));
    }

    [Test]
    public async Task Slots_that_become_free_at_once_go_to_different_keys()
    {
        var gate = new FairGate(slots: 2);
        await gate.EnterAsync("first", CancellationToken.None, wanted: 2);
        var waiting = Task.WhenAll(gate.EnterAsync("a", CancellationToken.None),
            gate.EnterAsync("a", CancellationToken.None), gate.EnterAsync("b", CancellationToken.None));
        gate.Leave("first", 2);
        Assert.That((gate.HeldBy("a"), gate.HeldBy("b")), Is.EqualTo((1, 1)));
        gate.Leave("b");
        await waiting;
    }

    [Test]
    public async Task A_cancelled_waiter_is_skipped_and_holds_no_slot()
    {
        var gate = new FairGate(slots: 1);
        await gate.EnterAsync("first", CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var cancelled = gate.EnterAsync("a", cancellation.Token);
        var next = gate.EnterAsync("b", CancellationToken.None);
        await cancellation.CancelAsync();
        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
        gate.Leave("first");
        await next;
        gate.Leave("b");
        Assert.That(gate.EnterAsync("c", CancellationToken.None).IsCompletedSuccessfully, "the slot is free again");
    }

    [Test]
    public async Task The_gate_admits_as_many_waiters_as_it_has_slots()
    {
        var gate = new FairGate(slots: 2);
        await gate.EnterAsync("a", CancellationToken.None);
        await gate.EnterAsync("a", CancellationToken.None);
        var third = gate.EnterAsync("a", CancellationToken.None);
        Assert.That(third.IsCompleted, Is.False);
        gate.Leave("a");
        await third;
    }

    [Test]
    public async Task A_waiter_for_several_slots_is_not_overtaken_by_waiters_for_one()
    {
        var gate = new FairGate(slots: 3);
        await gate.EnterAsync("a", CancellationToken.None, wanted: 2);
        var large = gate.EnterAsync("b", CancellationToken.None, wanted: 3);
        var small = gate.EnterAsync("c", CancellationToken.None);
        Assert.That(small.IsCompleted, Is.False, "it would fit, but the large one is first");
        gate.Leave("a", 2);
        await large;
        Assert.That(small.IsCompleted, Is.False, "no slot is left");
        gate.Leave("b", 3);
        await small;
    }

    [Test]
    public async Task When_a_waiter_for_several_slots_is_cancelled_smaller_ones_behind_it_enter()
    {
        var gate = new FairGate(slots: 2);
        await gate.EnterAsync("a", CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var large = gate.EnterAsync("b", cancellation.Token, wanted: 2);
        var small = gate.EnterAsync("c", CancellationToken.None);
        Assert.That(small.IsCompleted, Is.False);
        await cancellation.CancelAsync();
        await small;
        Assert.That(async () => await large, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_waiter_that_only_its_own_share_keeps_out_blocks_no_other_key()
    {
        var gate = new FairGate(slots: 3, share: 2);
        await gate.EnterAsync("a", CancellationToken.None, wanted: 2);
        var own = gate.EnterAsync("a", CancellationToken.None);
        await gate.EnterAsync("b", CancellationToken.None);
        Assert.That(own.IsCompleted, Is.False);
        gate.Leave("b");
        Assert.That(own.IsCompleted, Is.False, "a slot is free, but the key has its share");
        gate.Leave("a");
        await own;
    }

    [Test]
    public async Task When_a_waiter_for_several_slots_is_cancelled_all_enter_that_fit_behind_a_key_with_its_share()
    {
        var gate = new FairGate(slots: 5, share: 3);
        await gate.EnterAsync("a", CancellationToken.None, wanted: 3);
        using var cancellation = new CancellationTokenSource();
        var large = gate.EnterAsync("b", cancellation.Token, wanted: 3);
        var own = gate.EnterAsync("a", CancellationToken.None);
        var small = Task.WhenAll(gate.EnterAsync("c", CancellationToken.None),
            gate.EnterAsync("c", CancellationToken.None));
        await cancellation.CancelAsync();
        await small;
        Assert.That(own.IsCompleted, Is.False);
        Assert.That(async () => await large, Throws.InstanceOf<OperationCanceledException>());
        gate.Leave("a");
        await own;
    }

    [Test]
    public async Task Waiters_of_all_keys_are_counted_except_the_cancelled()
    {
        var gate = new FairGate(slots: 1);
        await gate.EnterAsync("first", CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var waiters = new[] { "a", "a", "b" }.Select(key => gate.EnterAsync(key, CancellationToken.None)).ToList();
        var cancelled = gate.EnterAsync("b", cancellation.Token);
        Assert.That(gate.Waiting, Is.EqualTo(4));
        await cancellation.CancelAsync();
        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(gate.Waiting, Is.EqualTo(3));
        foreach (var holder in new[] { "first", "a", "b", "a" }) gate.Leave(holder);
        await Task.WhenAll(waiters);
        Assert.That(gate.Waiting, Is.Zero);
    }

    [Test]
    public void A_waiter_that_is_cancelled_before_it_comes_takes_no_slot()
    {
        var gate = new FairGate(slots: 1);
        Assert.That(async () => await gate.EnterAsync("a", new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(gate.HeldBy("a"), Is.Zero);
    }

    [Test]
    public async Task A_key_may_free_its_slots_one_by_one()
    {
        var gate = new FairGate(slots: 3);
        await gate.EnterAsync("a", CancellationToken.None, wanted: 3);
        for (var left = 2; left >= 0; left--)
        {
            gate.Leave("a");
            Assert.That(gate.HeldBy("a"), Is.EqualTo(left));
        }
        Assert.That(() => gate.Leave("a"), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Waiting_for_more_slots_than_exist_throws() =>
        Assert.That(async () => await new FairGate(slots: 2).EnterAsync("a", CancellationToken.None, wanted: 3),
            Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public async Task A_key_cannot_free_slots_that_it_does_not_hold()
    {
        var gate = new FairGate(slots: 2);
        await gate.EnterAsync("a", CancellationToken.None);
        Assert.That(() => gate.Leave("b"), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => gate.Leave("a", 2), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private async Task EnterAsync(FairGate gate, string name)
    {
        await gate.EnterAsync(name[..1], CancellationToken.None);
        lock (_served) _served.Add(name);
    }
}
