using RemoveBg.Core.CutOut;

namespace RemoveBg.Tests.CutOut;

public sealed class FairGateTests
{
    private readonly List<string> _served = [];

    [Test]
    public async Task Keys_are_served_in_turn_and_each_ones_waiters_in_order()
    {
        var gate = new FairGate(places: 1);
        await gate.EnterAsync("first", CancellationToken.None);
        var all = new[] { "a1", "a2", "a3", "b1", "c1", "c2" }.Select(name => EnterAsync(gate, name)).ToList();
        Assert.That(_served, Is.Empty, "the only place is taken");
        while (all.Count > 0)
        {
            gate.Leave();
            await Task.WhenAny(all);
            all.RemoveAll(task => task.IsCompleted);
        }
        Assert.That(_served, Is.EqualTo(new[] { "a1", "b1", "c1", "a2", "c2", "a3" }));
    }

    [Test]
    public async Task Who_gives_up_is_skipped_and_takes_no_place_with_him()
    {
        var gate = new FairGate(places: 1);
        await gate.EnterAsync("first", CancellationToken.None);
        using var giveUp = new CancellationTokenSource();
        var gone = gate.EnterAsync("a", giveUp.Token);
        var next = gate.EnterAsync("b", CancellationToken.None);
        await giveUp.CancelAsync();
        Assert.That(async () => await gone, Throws.InstanceOf<OperationCanceledException>());
        gate.Leave();
        await next;
        gate.Leave();
        Assert.That(gate.EnterAsync("c", CancellationToken.None).IsCompletedSuccessfully, "the place is free again");
    }

    [Test]
    public async Task As_many_are_in_as_there_are_places()
    {
        var gate = new FairGate(places: 2);
        await gate.EnterAsync("a", CancellationToken.None);
        await gate.EnterAsync("a", CancellationToken.None);
        var third = gate.EnterAsync("a", CancellationToken.None);
        Assert.That(third.IsCompleted, Is.False);
        gate.Leave();
        await third;
    }

    [Test]
    public async Task Who_needs_several_places_is_not_passed_by_those_who_need_one()
    {
        var gate = new FairGate(places: 3);
        await gate.EnterAsync("a", CancellationToken.None, wanted: 2);
        var large = gate.EnterAsync("b", CancellationToken.None, wanted: 3);
        var small = gate.EnterAsync("c", CancellationToken.None);
        Assert.That(small.IsCompleted, Is.False, "it would fit, but it is not its turn");
        gate.Leave(2);
        await large;
        Assert.That(small.IsCompleted, Is.False, "no place is left");
        gate.Leave(3);
        await small;
    }

    [Test]
    public async Task When_the_one_who_needs_several_gives_up_those_behind_get_in()
    {
        var gate = new FairGate(places: 2);
        await gate.EnterAsync("a", CancellationToken.None);
        using var giveUp = new CancellationTokenSource();
        var large = gate.EnterAsync("b", giveUp.Token, wanted: 2);
        var small = gate.EnterAsync("c", CancellationToken.None);
        Assert.That(small.IsCompleted, Is.False);
        await giveUp.CancelAsync();
        await small;
        Assert.That(async () => await large, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void More_places_than_there_are_is_refused_at_once() =>
        Assert.That(async () => await new FairGate(places: 2).EnterAsync("a", CancellationToken.None, wanted: 3),
            Throws.TypeOf<ArgumentOutOfRangeException>());

    private async Task EnterAsync(FairGate gate, string name)
    {
        await gate.EnterAsync(name[..1], CancellationToken.None);
        lock (_served) _served.Add(name);
    }
}
