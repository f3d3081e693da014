using RemoveBg.Bench.Scale;

namespace RemoveBg.Tests.Host;

/// <summary>The simulation against exact results of queueing theory.</summary>
public sealed class SimulationTests
{
    [TestCase(1, 0.5)]
    [TestCase(1, 0.8)]
    [TestCase(4, 0.7)]
    public void Mean_waits_are_those_of_erlangs_formula(int places, double load)
    {
        var outcome = Simulation.Run(new()
        {
            Arrivals = Arrivals.Steady(load * places, 400_000, seed: 3), Seed = 4,
            Groups = [Group(random => Arrivals.Exponential(random, 1), places, alwaysReady: 1)],
        });
        Assert.That(outcome.Waits.Average(), Is.EqualTo(ErlangWait(places, load)).Within(5).Percent);
        Assert.That(outcome.BusySeconds / outcome.InstanceSeconds / places, Is.EqualTo(load).Within(2).Percent);
    }

    [Test]
    public void A_burst_is_processed_slot_by_slot()
    {
        var outcome = Simulation.Run(new() { Arrivals = Arrivals.Burst(10), Groups = [Group(_ => 2, 2, 1)] });
        Assert.That(outcome.Waits, Is.EqualTo(new double[] { 0, 0, 2, 2, 4, 4, 6, 6, 8, 8 }));
        Assert.That((outcome.Makespan, outcome.PerSecond), Is.EqualTo((10.0, 1.0)));
    }

    [Test]
    public void Without_an_instance_the_first_job_waits_for_the_cold_start()
    {
        var outcome = Simulation.Run(new() { Arrivals = Arrivals.Burst(1), Groups = [Group(_ => 1)], ColdStart = 7 });
        // The message wakes the platform, which reads the queue at once.
        Assert.That(outcome.Waits, Is.EqualTo(new[] { 7.0 }));
    }

    [Test]
    public void Instances_are_added_by_the_length_of_the_queue_up_to_the_limit_and_go_when_idle()
    {
        var few = Simulation.Run(new() { Arrivals = Arrivals.Burst(33), Groups = [Group(_ => 5)], MostInstances = 10,
            ColdStart = 1 });
        Assert.That(few.MostInstances, Is.EqualTo(3));
        var many = Simulation.Run(new() { Arrivals = Arrivals.Burst(1000), Groups = [Group(_ => 5)],
            MostInstances = 10, ColdStart = 1 });
        Assert.That(many.MostInstances, Is.EqualTo(10));
        var later = Simulation.Run(new() { Arrivals = [0, 1000], Groups = [Group(_ => 1)], IdleUntilGone = 100,
            ColdStart = 3 });
        Assert.That(later.Waits, Is.EqualTo(new[] { 3.0, 3.0 }).Within(0.1), "the second meets no instance either");
        Assert.That(later.InstanceSeconds, Is.LessThan(200));
    }

    [Test]
    public void Groups_share_the_apps_maximum_and_an_artwork_passes_them_in_order()
    {
        var outcome = Simulation.Run(new() { Arrivals = Arrivals.Burst(1000), MostInstances = 8, OtherInstances = 2,
            Groups = [Group(_ => 1), Group(_ => 1)], ColdStart = 1, IdleUntilGone = 30 });
        Assert.That(outcome.MostInstances, Is.EqualTo(6), "timers hold two");
        Assert.That(outcome.Groups.Select(group => group.MostInstances), Has.All.GreaterThan(1));
        // Two seconds of work each, on six instances.
        Assert.That(outcome.Makespan, Is.GreaterThan(2000 / 6));
        var one = Simulation.Run(new() { Arrivals = Arrivals.Burst(1), MostInstances = 2, ColdStart = 7,
            Groups = [Group(_ => 2) with { IsPushed = true }, Group(_ => 3)] });
        // The second queue is looked into every 10 s: at 10, when the message has been there since 9.
        Assert.That((one.Waits[0], one.Makespan), Is.EqualTo((7.0 + 1 + 7, 7.0 + 2 + 1 + 7 + 3)));
    }

    [Test]
    public void At_the_maximum_an_idle_instance_makes_way_for_another_group()
    {
        var outcome = Simulation.Run(new() { Arrivals = Arrivals.Burst(64), MostInstances = 5, ColdStart = 1,
            Groups = [Group(_ => 1, places: 16) with { IsPushed = true }, Group(_ => 100, places: 16)] });
        // Four instances of the first group are idle from 2 s on, and go at 40 s, not after 300 s.
        Assert.That(outcome.Groups.Select(group => group.MostInstances), Is.EqualTo(new[] { 4, 4 }));
        Assert.That(outcome.Makespan, Is.EqualTo(40.0 + 1 + 100));
    }

    [Test]
    public void A_request_wakes_an_instance_at_once_and_a_queue_may_be_noticed_late()
    {
        double First(bool isPushed) => Simulation.Run(new() { Arrivals = [0, 5000], ColdStart = 1, PickUp = 120,
            IdleUntilGone = 30, Groups = [Group(_ => 1) with { IsPushed = isPushed }] }).Waits[^1];
        Assert.That(First(isPushed: true), Is.EqualTo(1.0));
        Assert.That(First(isPushed: false), Is.GreaterThan(1.0).And.LessThan(132));
    }

    [Test]
    public void Each_active_period_of_an_instance_is_billed_for_a_second_at_least()
    {
        var apart = Simulation.Run(new() { Arrivals = [0, 10, 20], Groups = [Group(_ => 0.2, alwaysReady: 1)] });
        Assert.That(apart.BilledSeconds, Is.EqualTo(3.0));
        var together = Simulation.Run(new() { Arrivals = Arrivals.Burst(20),
            Groups = [Group(_ => 0.2, places: 2, alwaysReady: 1)] });
        Assert.That(together.BilledSeconds, Is.EqualTo(2.0).Within(1e-9), "two at once share the instance");
    }

    [Test]
    public void The_same_seed_gives_the_same_outcome_and_another_seed_another()
    {
        double[] Waits(int seed) => Simulation.Run(new() { Arrivals = Arrivals.Burst(100), Seed = seed,
            Groups = [Group(Arrivals.LogNormal(1, 0.4), alwaysReady: 1)] }).Waits;
        var first = Waits(1);
        Assert.That(Waits(1), Is.EqualTo(first));
        Assert.That(Waits(2), Is.Not.EqualTo(first));
    }

    private static ScaleGroup Group(Func<Random, double> service, int places = 1, int alwaysReady = 0) => new()
    {
        Name = "", Service = service, SlotsPerInstance = places, AlwaysReady = alwaysReady, QueuedPerInstance = 16,
    };

    private static double ErlangWait(int places, double load)
    {
        var offered = load * places;
        double term = 1, sum = 1;
        for (var k = 1; k < places; k++) sum += term *= offered / k;
        var last = term * offered / places / (1 - load);
        return last / (sum + last) / (places * (1 - load));
    }
}
