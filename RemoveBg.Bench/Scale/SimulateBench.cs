using Spectre.Console;

namespace RemoveBg.Bench.Scale;

/// <summary>Simulates waiting time, instances and price under steady load and bursts, from one measured number: seconds
/// per artwork in the pipeline.</summary>
/// <param name="serviceSeconds">Mean seconds per artwork; by <c>./bench load</c>, slots / bare pipelines per
/// second.</param>
/// <param name="pricePerGbSecond">Dollars per GB-second of an executing instance, Flex Consumption; see
/// docs/scale.md.</param>
internal sealed class SimulateBench(double serviceSeconds, int slots, int most, double coldStart, double instanceGb,
    double pricePerGbSecond, int seed)
{
    private const int Count = 4000;
    private const double Spread = 0.4;

    public int Run(string? json)
    {
        var rows = new List<Row>();
        foreach (var perHour in new[] { 100, 1_000, 10_000, 100_000, 1_000_000 })
            rows.Add(Row.Of($"{perHour:N0} an hour", Simulate(Arrivals.Steady(perHour / 3600.0,
                Math.Min(Count * 10, Math.Max(200, perHour / 4)), seed)), instanceGb, pricePerGbSecond));
        foreach (var burst in new[] { 100, 1_000, 10_000 })
            rows.Add(Row.Of($"{burst:N0} at once", Simulate(Arrivals.Burst(burst)), instanceGb, pricePerGbSecond));

        var table = new Table()
            .AddColumns("artworks", "instances", "wait p50 s", "p95 s", "p99 s", "done/s", "busy", "$ per 1,000");
        foreach (var row in rows)
            table.AddRow(row.Artworks, $"{row.Instances}", $"{row.P50:0.0}", $"{row.P95:0.0}", $"{row.P99:0.0}",
                $"{row.PerSecond:0.0}", $"{row.Busy:P0}", $"${row.PricePerThousand:0.00}");
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"{serviceSeconds} s per artwork, {slots} at once per instance, at most {most} instances "
            + $"and none always ready, cold start {coldStart} s, seed {seed}");
        Bench.Write(json, new { scenarios = rows });
        return 0;
    }

    private Outcome Simulate(IReadOnlyList<double> arrivals) => Simulation.Run(new()
    {
        Arrivals = arrivals, Service = Arrivals.LogNormal(serviceSeconds, Spread), MostInstances = most,
            SlotsPerInstance = slots, ColdStart = coldStart, Seed = seed,
    });

    private sealed record Row(string Artworks, int Instances, double P50, double P95, double P99, double PerSecond,
        double Busy, double PricePerThousand)
    {
        public static Row Of(string artworks, Outcome outcome, double gigabytes, double price) => new(
            artworks, outcome.MostInstances, outcome.Wait(0.5), outcome.Wait(0.95), outcome.Wait(0.99),
                outcome.PerSecond, outcome.BusySeconds / outcome.InstanceSeconds,
            // On-demand billing counts the time in which functions execute, not idle instances.
            outcome.BusySeconds / outcome.Waits.Length * gigabytes * price * 1000);
    }
}
