using System.Diagnostics;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Store;
using Spectre.Console;
using static RemoveBg.Bench.Load.LoadHost;

namespace RemoveBg.Bench.Load;

/// <summary>How fast jobs are taken, against what the same storage operations cost without us; how many are finished a second, against
/// the bare pipeline on all cores; and how long one key waits under another one's burst.</summary>
internal sealed class LoadBench(string model, int requests)
{
    private const int AtOnce = 4, Rounds = 4;

    public async Task<int> Run(string? json, CancellationToken cancel)
    {
        var (posts, floors, perSecond) = await Accepting(cancel);
        var (jobsPerSecond, pipelinesPerSecond) = await Finishing(Math.Max(40, requests / 2), cancel);
        var (idleMs, burstMs) = await UnderABurst(requests, cancel);

        var figures = new
        {
            acceptedPerSecond = perSecond, p50Ms = At(posts, 0.5), p99Ms = At(posts, 0.99), floorP50Ms = At(floors, 0.5), ratioP50 = At(posts, 0.5) / At(floors, 0.5),
            jobsPerSecond, pipelinesPerSecond, jobsRatio = jobsPerSecond / pipelinesPerSecond,
            idleWaitMs = idleMs, burstWaitMs = burstMs, burstRatio = burstMs / idleMs,
        };
        AnsiConsole.Write(new Table().AddColumns("accepted/s", "p50 ms", "p99 ms", "floor p50 ms", "ratio p50").AddRow(
            $"{figures.acceptedPerSecond:0}", $"{figures.p50Ms:0.0}", $"{figures.p99Ms:0.0}", $"{figures.floorP50Ms:0.0}", $"{figures.ratioP50:0.00}"));
        AnsiConsole.Write(new Table().AddColumns("finished jobs/s", "bare pipelines/s", "ratio", "one job, idle, ms", $"one job under another key's burst of {requests}, ms", "ratio").AddRow(
            $"{jobsPerSecond:0.0}", $"{pipelinesPerSecond:0.0}", $"{figures.jobsRatio:0.00}", $"{idleMs:0}", $"{burstMs:0}", $"{figures.burstRatio:0.00}"));
        AnsiConsole.WriteLine($"{posts.Count} requests, {AtOnce} at once, on Azurite; {Environment.ProcessorCount} cores");
        Bench.Write(json, figures);
        return 0;
    }

    /// <summary>POST to 202, in turn with its floor, in rounds, so that both meet the same machine.</summary>
    private async Task<(List<double> Posts, List<double> Floors, double PerSecond)> Accepting(CancellationToken cancel)
    {
        await using var host = await LoadHost.Start(model, takesWork: false, cancel);
        using var caller = await host.Caller(wait: false, concurrentJobs: int.MaxValue, cancel);
        var (posts, floors, total) = (new List<double>(), new List<double>(), TimeSpan.Zero);
        var body = Body("https://images.example.com/photo.jpg");
        await Each(50, AtOnce, () => Post(caller, body, cancel));
        await Each(50, AtOnce, () => Floor(host.Get<StorageClients>(), cancel));
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            posts.AddRange(await Each(requests / Rounds, AtOnce, () => Post(caller, body, cancel)));
            total += Stopwatch.GetElapsedTime(start);
            floors.AddRange(await Each(requests / Rounds, AtOnce, () => Floor(host.Get<StorageClients>(), cancel)));
        }
        posts.Sort();
        floors.Sort();
        return (posts, floors, posts.Count / total.TotalSeconds);
    }

    /// <summary>What a submit stores, with nothing around it: the rate, the record with its mark, the list's entry with its turn, the message.</summary>
    private static async Task Floor(StorageClients storage, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7().ToString("N");
        await storage.Table("rates").UpsertEntityAsync(new TableEntity("floor", id) { ["ArrivalTime"] = TimeProvider.System.GetUtcNow() }, TableUpdateMode.Replace, cancel);
        await storage.Table("artworks").SubmitTransactionAsync(
        [
            new(TableTransactionActionType.Add, new TableEntity("floor", "artwork_" + id) { ["KeyId"] = "floor", ["Status"] = "starting", ["ImageUrl"] = "https://images.example.com/photo.jpg" }),
            new(TableTransactionActionType.UpsertReplace, new TableEntity("floor", "due_" + id) { ["DueAt"] = TimeProvider.System.GetUtcNow() }),
        ], cancel);
        await storage.Table("artworksbykey").SubmitTransactionAsync(
        [
            new(TableTransactionActionType.UpsertReplace, new TableEntity("floor", id) { ["Id"] = id }),
            new(TableTransactionActionType.Add, new TableEntity("floor", "turn_" + id) { ["Id"] = id, ["Since"] = TimeProvider.System.GetUtcNow() }),
        ], cancel);
        await storage.Queue("artworks").SendMessageAsync($$"""{"v":1,"id":"{{id}}","attempt":1}""", cancel);
    }

    /// <summary>Whole jobs, in turn with bare runs of the pipeline on as many threads as there are places in it.</summary>
    private async Task<(double JobsPerSecond, double PipelinesPerSecond)> Finishing(int jobs, CancellationToken cancel)
    {
        await using var host = await LoadHost.Start(model, takesWork: true, cancel);
        using var caller = await host.Caller(wait: false, concurrentJobs: 8, cancel);
        var photo = await Photo(cancel);
        await using var source = await PhotoServer.Start(photo, cancel);
        var body = Body(source.Url);
        var (through, bare) = (TimeSpan.Zero, TimeSpan.Zero);
        await Each(8, AtOnce, () => Pipeline(host, photo, cancel));
        for (var round = 0; round < 2; round++)
        {
            var start = Stopwatch.GetTimestamp();
            using (var ended = host.UntilEnded(jobs / 2))
            {
                await Each(jobs / 2, AtOnce, () => Post(caller, body, cancel));
                await ended.Task.WaitAsync(cancel);
            }
            through += Stopwatch.GetElapsedTime(start);
            start = Stopwatch.GetTimestamp();
            await Each(jobs / 2, Environment.ProcessorCount, () => Pipeline(host, photo, cancel));
            bare += Stopwatch.GetElapsedTime(start);
        }
        var done = jobs / 2 * 2;
        return (done / through.TotalSeconds, done / bare.TotalSeconds);
    }

    private static async Task Pipeline(LoadHost host, byte[] photo, CancellationToken cancel)
    {
        using var slot = await host.Get<PipelineSlots>().Take("bench", null, cancel);
        using var target = new MemoryStream();
        await Task.Run(() => host.Get<CutOutPipeline>().Run(
            new(photo, OutputFormat.Auto, slot.Segmenter, slot.Tensors, target), cancel), cancel);
    }

    /// <summary>One key's single jobs, on an idle service and while another key's burst is being worked off.</summary>
    private async Task<(double IdleMs, double BurstMs)> UnderABurst(int burst, CancellationToken cancel)
    {
        await using var host = await LoadHost.Start(model, takesWork: true, cancel);
        using var modest = await host.Caller(wait: true, concurrentJobs: 8, cancel);
        using var busy = await host.Caller(wait: false, concurrentJobs: 8, cancel);
        var body = Body("data:image/jpeg;base64," + Convert.ToBase64String(await Photo(cancel)));
        await Post(modest, body, cancel);
        var idle = await Each(10, atOnce: 1, () => Post(modest, body, cancel));
        await Each(burst, AtOnce, () => Post(busy, body, cancel));
        var under = await Each(10, atOnce: 1, () => Post(modest, body, cancel));
        return (Bench.Median(idle), Bench.Median(under));
    }

    private static Task<byte[]> Photo(CancellationToken cancel) => File.ReadAllBytesAsync(Path.Combine(Bench.Root, "samples", "scene-toycar.jpg"), cancel);

    private static double At(List<double> sorted, double share) => sorted[(int)(share * (sorted.Count - 1))];
}
