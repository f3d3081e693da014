using Spectre.Console;

namespace RemoveBg.Bench.Scale;

/// <summary>Simulates waiting time, instances and price under steady load and bursts, from one measured number: seconds
/// per artwork in the pipeline. Two platforms, because its waits are not documented: a quick one and a slow
/// one.</summary>
/// <param name="serviceSeconds">Mean seconds per artwork; by <c>./bench load</c>, slots / bare pipelines per
/// second.</param>
/// <param name="slots">Artworks at once per instance; 0: one per core.</param>
/// <param name="pricePerGbSecond">Dollars per GB-second of an executing instance, Flex Consumption; see
/// docs/scale.md.</param>
internal sealed class SimulateBench(double serviceSeconds, int slots, int most, double coldStart, double instanceGb,
    double pricePerGbSecond, int seed)
{
    private const int Count = 4000;
    private const double Spread = 0.4;

    // Assumed: a submission with its writes to storage, and a receiver's response.
    private const double HttpSeconds = 0.05, WebhookSeconds = 0.3;

    // Documented: 2 GB have one core and take 16 HTTP requests. host.json: 14 webhooks at once.
    private const double GbPerCore = 2;
    private const int HttpPerCore = 16, WebhooksPerInstance = 14;

    // The two timer functions, each a group of its own, each run active for less than the smallest billed second.
    private const int Timers = 2;
    private const double SweepsPerMonth = 730 * 60, ErasuresPerMonth = 730 * 12, SmallestBilled = 1;

    private const double PricePerExecution = 0.40e-6;

    private static readonly Platform[] Platforms =
    [
        // Reports about the host name both: instances gone after 30 s, and pick-up that took up to 2 minutes.
        new("quick", IdleUntilGone: 300, PickUp: 0), new("slow", IdleUntilGone: 30, PickUp: 120),
    ];

    // Free each month, for a subscription.
    private const double FreeGbSeconds = 100_000, FreeExecutions = 250_000;

    private const double DaysPerMonth = 730 / 24.0;

    private static readonly int[] PerDay = [1_000, 100_000, 1_000_000];

    private static readonly int[] PerHour = [100, 1_000, 10_000, 100_000, 1_000_000], AtOnce = [100, 1_000, 10_000];

    private int Cores => Math.Max(1, (int)(instanceGb / GbPerCore));

    private int Slots => slots > 0 ? slots : Cores;

    public int Run(string? json)
    {
        var platforms = Platforms.Select(platform => new { platform.Name, Scenarios = Rows(platform) }).ToList();
        foreach (var platform in platforms)
        {
            var table = new Table().Title($"{platform.Name} platform").AddColumns("artworks",
                "instances (HTTP, process, webhook)", "wait p50 s", "p95 s", "p99 s", "done/s", "$ per 1,000");
            foreach (var row in platform.Scenarios)
                table.AddRow(row.Artworks, $"{row.Instances} ({string.Join(", ", row.ByGroup)})", $"{row.P50:0.0}",
                    $"{row.P95:0.0}", $"{row.P99:0.0}", $"{row.PerSecond:0.0}", $"${row.PricePerThousand:0.000}");
            Bench.Show(table);
        }
        var months = new Table().Title("a month, after the free grant").AddColumns(
            ["artworks a day", .. Platforms.Select(platform => $"$ {platform.Name}")]);
        foreach (var perDay in PerDay)
            months.AddRow([$"{perDay:N0}", .. Platforms.Select(platform => $"{PerMonth(platform, perDay):N2}")]);
        Bench.Show(months);
        var idle = (SweepsPerMonth + ErasuresPerMonth) * SmallestBilled * instanceGb;
        AnsiConsole.WriteLine($"{serviceSeconds} s per artwork, {Slots} at once per instance, at most {most} instances "
            + $"of which timers hold {Timers}, none always ready, cold start {coldStart} s, seed {seed}");
        AnsiConsole.WriteLine($"The timers alone: {idle:N0} GB-s and ${idle * pricePerGbSecond
            + (SweepsPerMonth + ErasuresPerMonth) * PricePerExecution:0.00} per month, before the free grant");
        Bench.Write(json, new { platforms, timersGbSeconds = idle });
        return 0;
    }

    private List<Row> Rows(Platform platform) =>
    [
        .. PerHour.Select(perHour => Of($"{perHour:N0} an hour",
            Simulate(platform, Arrivals.Steady(perHour / 3600.0, Math.Min(Count * 10, Math.Max(200, perHour / 4)),
                seed)))),
        .. AtOnce.Select(burst => Of($"{burst:N0} at once",
            Simulate(platform, Arrivals.Burst(burst)))),
    ];

    /// <summary>Dollars per month, timers included.</summary>
    private double PerMonth(Platform platform, int perDay)
    {
        var perHour = perDay / 24.0;
        var outcome = Simulate(platform, Arrivals.Steady(perHour / 3600, (int)Math.Clamp(perHour / 4, 200, Count * 10),
            seed));
        var artworks = perDay * DaysPerMonth;
        var gbSeconds = (outcome.BilledSeconds / outcome.Waits.Length * artworks
            + (SweepsPerMonth + ErasuresPerMonth) * SmallestBilled) * instanceGb;
        var executions = artworks * outcome.Groups.Count + SweepsPerMonth + ErasuresPerMonth;
        return Math.Max(0, gbSeconds - FreeGbSeconds) * pricePerGbSecond
            + Math.Max(0, executions - FreeExecutions) * PricePerExecution;
    }

    private Outcome Simulate(Platform platform, IReadOnlyList<double> arrivals) => Simulation.Run(new()
    {
        Arrivals = arrivals, MostInstances = most, OtherInstances = Timers, ColdStart = coldStart, Seed = seed,
        IdleUntilGone = platform.IdleUntilGone, PickUp = platform.PickUp, SmallestBilled = SmallestBilled,
        Groups =
        [
            new() { Name = "HTTP", Service = _ => HttpSeconds, SlotsPerInstance = HttpPerCore * Cores,
                QueuedPerInstance = HttpPerCore * Cores, IsPushed = true },
            new() { Name = "process", Service = Arrivals.LogNormal(serviceSeconds, Spread), SlotsPerInstance = Slots },
            new() { Name = "webhook", Service = Arrivals.LogNormal(WebhookSeconds, Spread),
                SlotsPerInstance = WebhooksPerInstance },
        ],
    });

    /// <summary>On-demand billing counts the time in which an instance executes anything, not idle time.</summary>
    private Row Of(string artworks, Outcome outcome) => new(artworks, outcome.MostInstances,
        [.. outcome.Groups.Select(group => group.MostInstances)], outcome.Wait(0.5), outcome.Wait(0.95),
        outcome.Wait(0.99), outcome.PerSecond, 1000 * (outcome.BilledSeconds / outcome.Waits.Length * instanceGb
            * pricePerGbSecond + outcome.Groups.Count * PricePerExecution));

    /// <param name="Name">For the table.</param>
    /// <param name="IdleUntilGone">Seconds after which an idle instance is removed.</param>
    /// <param name="PickUp">Most seconds until a queue without an instance is noticed.</param>
    private sealed record Platform(string Name, double IdleUntilGone, double PickUp);

    private sealed record Row(string Artworks, int Instances, IReadOnlyList<int> ByGroup, double P50, double P95,
        double P99, double PerSecond, double PricePerThousand);
}
