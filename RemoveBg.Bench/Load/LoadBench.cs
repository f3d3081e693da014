using System.Diagnostics;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Store;
using Spectre.Console;
using static RemoveBg.Bench.Load.LoadHost;

namespace RemoveBg.Bench.Load;

/// <summary>Measures accepting jobs, against the same storage operations alone; finishing jobs, against the bare
/// pipeline on all cores; and one key's waiting time during another key's burst.</summary>
internal sealed class LoadBench(string model, int requests)
{
    private const int AtOnce = 4, Rounds = 4;

    public async Task<int> RunAsync(string? json, CancellationToken cancellationToken)
    {
        var (posts, baselines, perSecond) = await AcceptingAsync(cancellationToken);
        var (jobsPerSecond, pipelinesPerSecond) = await FinishingAsync(Math.Max(40, requests / 2), cancellationToken);
        var (idleMs, burstMs) = await DuringBurstAsync(requests, cancellationToken);

        var figures = new
        {
            acceptedPerSecond = perSecond, p50Ms = At(posts, 0.5), p99Ms = At(posts, 0.99),
                floorP50Ms = At(baselines, 0.5), ratioP50 = At(posts, 0.5) / At(baselines, 0.5),
            jobsPerSecond, pipelinesPerSecond, jobsRatio = jobsPerSecond / pipelinesPerSecond,
            idleWaitMs = idleMs, burstWaitMs = burstMs, burstRatio = burstMs / idleMs,
        };
        Bench.Show(new Table()
            .AddColumns("accepted/s", "p50 ms", "p99 ms", "baseline p50 ms", "ratio p50")
            .AddRow($"{figures.acceptedPerSecond:0}", $"{figures.p50Ms:0.0}", $"{figures.p99Ms:0.0}",
                $"{figures.floorP50Ms:0.0}", $"{figures.ratioP50:0.00}"));
        Bench.Show(new Table().AddColumns("finished jobs/s", "bare pipelines/s", "ratio", "one job, idle, ms",
            "one job during another key's burst, ms", "ratio").AddRow(
            $"{jobsPerSecond:0.0}", $"{pipelinesPerSecond:0.0}", $"{figures.jobsRatio:0.00}", $"{idleMs:0}",
                $"{burstMs:0}", $"{figures.burstRatio:0.00}"));
        AnsiConsole.WriteLine(
            $"{posts.Count} requests, {AtOnce} at once, on Azurite; {Environment.ProcessorCount} cores");
        Bench.Write(json, figures);
        return 0;
    }

    /// <summary>Measures POST to 202 alternately with its baseline, so that both meet the same machine.</summary>
    private async Task<(List<double> Posts, List<double> Baselines,
        double PerSecond)> AcceptingAsync(CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartAsync(model, takesWork: false, cancellationToken);
        using var caller = await host.CallerAsync(wait: false, concurrentJobs: int.MaxValue, cancellationToken);
        var (posts, baselines, total) = (new List<double>(), new List<double>(), TimeSpan.Zero);
        var body = Body("https://images.example.com/photo.jpg");
        await EachAsync(50, AtOnce, () => PostAsync(caller, body, cancellationToken));
        await EachAsync(50, AtOnce, () => BaselineAsync(host.Get<StorageClients>(), cancellationToken));
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            posts.AddRange(
                await EachAsync(requests / Rounds, AtOnce, () => PostAsync(caller, body, cancellationToken)));
            total += Stopwatch.GetElapsedTime(start);
            baselines.AddRange(await EachAsync(requests / Rounds, AtOnce,
                () => BaselineAsync(host.Get<StorageClients>(), cancellationToken)));
        }
        posts.Sort();
        baselines.Sort();
        return (posts, baselines, posts.Count / total.TotalSeconds);
    }

    /// <summary>Runs the storage operations of a submission alone: the rate, the record with its due mark, the list
    /// entry with its permit, the message.</summary>
    private static async Task BaselineAsync(StorageClients storage, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7().ToString("N");
        await storage.Table("rates").UpsertEntityAsync(new TableEntity("floor",
            id) { ["ArrivalTime"] = TimeProvider.System.GetUtcNow() }, TableUpdateMode.Replace, cancellationToken);
        await storage.Table("artworks").SubmitTransactionAsync(
        [
            new(TableTransactionActionType.Add, new TableEntity("floor", "artwork_" + id) { ["KeyId"] = "floor",
                ["Status"] = "starting", ["ImageUrl"] = "https://images.example.com/photo.jpg" }),
            new(TableTransactionActionType.UpsertReplace,
                new TableEntity("floor", "dueat_" + id) { ["DueAt"] = TimeProvider.System.GetUtcNow() }),
        ], cancellationToken);
        await storage.Table("artworksbykey").SubmitTransactionAsync(
        [
            new(TableTransactionActionType.UpsertReplace, new TableEntity("floor", id) { ["Id"] = id }),
            new(TableTransactionActionType.Add,
                new TableEntity("floor", "turn_" + id) { ["Id"] = id, ["Since"] = TimeProvider.System.GetUtcNow() }),
        ], cancellationToken);
        await storage.Queue("artworks").SendMessageAsync($$"""{"v":1,"id":"{{id}}","attempt":1}""", cancellationToken);
    }

    /// <summary>Measures whole jobs alternately with bare runs of the pipeline, on one thread per slot.</summary>
    private async Task<(double JobsPerSecond, double PipelinesPerSecond)> FinishingAsync(int jobs,
        CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartAsync(model, takesWork: true, cancellationToken);
        using var caller = await host.CallerAsync(wait: false, concurrentJobs: 8, cancellationToken);
        var photo = await PhotoAsync(cancellationToken);
        await using var source = await PhotoServer.StartAsync(photo, cancellationToken);
        var body = Body(source.Url);
        var (through, bare) = (TimeSpan.Zero, TimeSpan.Zero);
        await EachAsync(8, AtOnce, () => PipelineAsync(host, photo, cancellationToken));
        for (var round = 0; round < 2; round++)
        {
            var start = Stopwatch.GetTimestamp();
            using (var finished = host.CountFinished(jobs / 2))
            {
                await EachAsync(jobs / 2, AtOnce, () => PostAsync(caller, body, cancellationToken));
                await finished.Task.WaitAsync(cancellationToken);
            }
            through += Stopwatch.GetElapsedTime(start);
            start = Stopwatch.GetTimestamp();
            await EachAsync(jobs / 2, Environment.ProcessorCount, () => PipelineAsync(host, photo, cancellationToken));
            bare += Stopwatch.GetElapsedTime(start);
        }
        var done = jobs / 2 * 2;
        return (done / through.TotalSeconds, done / bare.TotalSeconds);
    }

    private static async Task PipelineAsync(LoadHost host, byte[] photo, CancellationToken cancellationToken)
    {
        using var slot = await host.Get<PipelineSlots>().TakeAsync("bench", null, cancellationToken);
        using var target = new MemoryStream();
        await Task.Run(() => host.Get<CutOutPipeline>().Run(
            new(photo, OutputFormat.Auto, slot.Segmenter, slot.Tensors, target), cancellationToken), cancellationToken);
    }

    /// <summary>Measures one key's single jobs, on an idle service and during another key's burst.</summary>
    private async Task<(double IdleMs, double BurstMs)> DuringBurstAsync(int burst, CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartAsync(model, takesWork: true, cancellationToken);
        using var modest = await host.CallerAsync(wait: true, concurrentJobs: 8, cancellationToken);
        using var busy = await host.CallerAsync(wait: false, concurrentJobs: 8, cancellationToken);
        var body = Body("data:image/jpeg;base64," + Convert.ToBase64String(await PhotoAsync(cancellationToken)));
        await PostAsync(modest, body, cancellationToken);
        var idle = await EachAsync(10, atOnce: 1, () => PostAsync(modest, body, cancellationToken));
        await EachAsync(burst, AtOnce, () => PostAsync(busy, body, cancellationToken));
        var under = await EachAsync(10, atOnce: 1, () => PostAsync(modest, body, cancellationToken));
        return (Bench.Median(idle), Bench.Median(under));
    }

    private static Task<byte[]> PhotoAsync(CancellationToken cancellationToken) =>
        File.ReadAllBytesAsync(Path.Combine(Bench.Root, "samples", "scene-toycar.jpg"), cancellationToken);

    private static double At(List<double> sorted, double share) => sorted[(int)(share * (sorted.Count - 1))];
}
