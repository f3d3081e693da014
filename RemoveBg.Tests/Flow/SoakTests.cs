using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Three hosts on one storage, good and hostile photos, and every 20 seconds one of two hosts is killed; the
/// third lives through it all, so that its memory can be watched.</summary>
[Category("Soak")]
public sealed class SoakTests
{
    // At least so many jobs, for at least so long, and never more open at once than a test can wait for.
    private const int LeastJobs = 1000, MostOpen = 500;
    private static readonly TimeSpan Warm = TimeSpan.FromMinutes(2), LeastTime = TimeSpan.FromMinutes(5),
        Patience = TimeSpan.FromMinutes(30);

    [Test]
    public async Task Nothing_is_lost_doubled_or_stuck_while_hosts_are_killed()
    {
        await using var caller = await Caller.StartAsync();
        var photos = Photos(caller);
        var storage = Storage.NewAccount();
        await using var hosts = await KilledHosts.StartAsync(storage, count: 3, spared: 1);
        var resident = new List<(TimeSpan At, long Bytes)>();

        // 1. A reading of the memory of the host that lives, each second.
        using var done = new CancellationTokenSource();
        var lastJob = -1;
        var watch = Stopwatch.StartNew();
        var reading = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                resident.Add((watch.Elapsed, hosts[0].ResidentBytes));
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, done.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });

        // 2. Callers that try again with the same key when a host dies under them.
        var accepted = new ConcurrentDictionary<string, int>();
        await Parallel.ForEachAsync(Wanted(), new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (job, cancellationToken) =>
            {
                while (accepted.Count - Announced().Count >= MostOpen && watch.Elapsed < Patience)
                    await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
                accepted[await hosts.SubmitAsync(job, photos[job % photos.Count], caller.WebhookUrl)] = job;
            });
        var jobs = lastJob + 1;
        Assert.That(accepted, Has.Count.EqualTo(jobs), "one artwork a job");

        // 3. Until each has been announced, or patience ends.
        while (Announced().Count < jobs && watch.Elapsed < Patience)
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        var seconds = watch.Elapsed.TotalSeconds;
        await done.CancelAsync();
        await Task.WhenAll(hosts.SpareAsync(), reading);

        // 4. What became of them, asked one by one.
        var fates = await Fates.ReadAsync(hosts[0], storage, caller, accepted.Keys);
        TestContext.Out.WriteLine($"{fates}, kills {hosts.Kills}");
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{jobs / seconds:0.0} jobs/s"));
        // The middle of ten readings: one alone may fall on a photo's peak.
        var warm = resident.Where(one => one.At > Warm).Select(one => one.Bytes).ToList();
        var (early, late) = (Middle(warm.Take(10)), Middle(warm.TakeLast(10)));
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"resident of the host that lived: {early / 1_000_000} MB after two minutes, "
            + $"{late / 1_000_000} MB at the end"));

        Assert.Multiple(() =>
        {
            fates.AssertNoneLostStuckOrTwice();
            Assert.That(fates.Succeeded, Is.EqualTo((jobs + 1) / 2), "every good photo, and no hostile one");
            Assert.That(late, Is.LessThanOrEqualTo(early * 1.1), "memory is flat from minute 2 on");
        });

        static double Middle(IEnumerable<long> bytes) => bytes.Order().Skip(4).First();

        IEnumerable<int> Wanted()
        {
            for (var job = 0; job < LeastJobs || watch.Elapsed < LeastTime; job++) yield return lastJob = job;
        }

        HashSet<string> Announced() => [.. caller.Deliveries.Select(delivery => delivery.Id)];
    }

    /// <summary>Alternates good photos with a truncated file, a file that is not an image, and a decompression
    /// bomb.</summary>
    private static List<string> Photos(Caller caller)
    {
        var good = caller.Serve(Repo.Sample("scene-toycar.jpg"));
        var bytes = File.ReadAllBytes(Repo.Sample("scene-toycar.jpg"));
        byte[] huge = [.. bytes];
        // Height and width in the JPEG's frame header: 65,500 each.
        var frame = huge.AsSpan().IndexOf<byte>([0xFF, 0xC0]) is var baseline and >= 0 ? baseline
            : huge.AsSpan().IndexOf<byte>([0xFF, 0xC2]);
        (huge[frame + 5], huge[frame + 6], huge[frame + 7], huge[frame + 8]) = (0xFF, 0xDC, 0xFF, 0xDC);
        return
        [
            good, caller.ServePage("/cut",
                context => context.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2)).AsTask()),
            good, caller.ServePage("/text",
                context => context.Response.Body.WriteAsync("no picture"u8.ToArray()).AsTask()),
            good, caller.ServePage("/huge", context => context.Response.Body.WriteAsync(huge).AsTask()),
        ];
    }
}
