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
            Arrivals = Arrivals.Steady(load * places, 400_000, seed: 3), Service =
                random => Arrivals.Exponential(random, 1), AlwaysReady = 1, SlotsPerInstance = places, Seed = 4,
        });
        Assert.That(outcome.Waits.Average(), Is.EqualTo(ErlangWait(places, load)).Within(5).Percent);
        Assert.That(outcome.BusySeconds / outcome.InstanceSeconds / places, Is.EqualTo(load).Within(2).Percent);
    }

    [Test]
    public void A_burst_is_processed_slot_by_slot()
    {
        var outcome = Simulation.Run(new() { Arrivals = Arrivals.Burst(10), Service = _ => 2, AlwaysReady = 1,
            SlotsPerInstance = 2 });
        Assert.That(outcome.Waits, Is.EqualTo(new double[] { 0, 0, 2, 2, 4, 4, 6, 6, 8, 8 }));
        Assert.That((outcome.Makespan, outcome.PerSecond), Is.EqualTo((10.0, 1.0)));
    }

    [Test]
    public void Without_an_instance_the_first_job_waits_for_the_cold_start()
    {
        var outcome = Simulation.Run(new() { Arrivals = Arrivals.Burst(1), Service = _ => 1, ColdStart = 7 });
        // The message wakes the platform, which reads the queue at once.
        Assert.That(outcome.Waits, Is.EqualTo(new[] { 7.0 }));
    }

    [Test]
    public void Instances_are_added_by_the_length_of_the_queue_up_to_the_limit_and_go_when_idle()
    {
        var few = Simulation.Run(new() { Arrivals = Arrivals.Burst(33), Service = _ => 5, MostInstances = 10,
            QueuedPerInstance = 16, ColdStart = 1 });
        Assert.That(few.MostInstances, Is.EqualTo(3));
        var many = Simulation.Run(new() { Arrivals = Arrivals.Burst(1000), Service = _ => 5, MostInstances = 10,
            QueuedPerInstance = 16, ColdStart = 1 });
        Assert.That(many.MostInstances, Is.EqualTo(10));
        var later =
            Simulation.Run(new() { Arrivals = [0, 1000], Service = _ => 1, IdleUntilGone = 100, ColdStart = 3 });
        Assert.That(later.Waits, Is.EqualTo(new[] { 3.0, 3.0 }).Within(0.1), "the second meets no instance either");
        Assert.That(later.InstanceSeconds, Is.LessThan(200));
    }

    [Test]
    public void The_same_seed_gives_the_same_outcome_and_another_seed_another()
    {
        double[] Waits(int seed) => Simulation.Run(new() { Arrivals = Arrivals.Burst(100),
            Service = Arrivals.LogNormal(1, 0.4), AlwaysReady = 1, Seed = seed }).Waits;
        var first = Waits(1);
        Assert.That(Waits(1), Is.EqualTo(first));
        Assert.That(Waits(2), Is.Not.EqualTo(first));
    }

    private static double ErlangWait(int places, double load)
    {
        var offered = load * places;
        double term = 1, sum = 1;
        for (var k = 1; k < places; k++) sum += term *= offered / k;
        var last = term * offered / places / (1 - load);
        return last / (sum + last) / (places * (1 - load));
    }
}
