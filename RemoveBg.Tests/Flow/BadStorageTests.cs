using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Azure.Storage.Blobs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>A thousand jobs of twenty keys with one permit each, on three hosts that are killed now and then, through
/// a proxy that loses 5 % of storage's responses, delays 5 % and repeats 5 % of the requests.</summary>
[Category("Chaos")]
public sealed class BadStorageTests
{
    private const int Jobs = 1000, Keys = 20, Hosts = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(25);

    [Test]
    public async Task Nothing_is_lost_stuck_or_done_twice_when_responses_get_lost_and_hosts_are_killed()
    {
        await using var caller = await Caller.StartAsync();
        var photo = caller.Serve(SmallPhotos.Of("scene-toycar.jpg"));
        var storage = Storage.NewAccount();
        await using var proxy = await StorageProxy.StartAsync(storage);
        // An attempt that a kill ends is counted, and here every job may meet several.
        var settings = new Dictionary<string, string?> { ["RemoveBg__Process__MaxAttempts"] = "20" };
        await using var hosts = await KilledHosts.StartAsync(proxy.ConnectionString, Hosts, settings: settings);
        var keys = await StoredKeys.AddAsync(storage, Keys, concurrentJobs: 1);

        // 1. Mishaps.
        var dice = new Random(1);
        var fates = new ConcurrentDictionary<Fate, int>();
        proxy.Decide = _ =>
        {
            double roll;
            lock (dice) roll = dice.NextDouble();
            var fate = roll < 0.05 ? Fate.ResponseLost : roll < 0.1 ? Fate.Late : roll < 0.15 ? Fate.Twice
                : Fate.Passed;
            fates.AddOrUpdate(fate, 1, (_, count) => count + 1);
            return fate;
        };

        // 2. Callers that try again with the same Idempotency-Key, as they are told to.
        var accepted = new ConcurrentDictionary<string, string>();
        await Parallel.ForAsync(0, Jobs, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (job, _) =>
        {
            var key = keys[job % Keys];
            accepted[await hosts.SubmitAsync(job, photo, caller.WebhookUrl, key)] = key;
        });

        // 3. Until each has been announced.
        var watch = Stopwatch.StartNew();
        while (Announced().Count < Jobs && watch.Elapsed < Patience)
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        await hosts.SpareAsync();
        proxy.Decide = _ => Fate.Passed;

        // 4. What became of them.
        var statuses = new ConcurrentBag<string?>();
        await Parallel.ForEachAsync(accepted.ToArray(), new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (job, _) => statuses.Add(await hosts[0].StatusAsync(job.Key, job.Value)));
        var (ids, succeeded) = (Announced(), statuses.Count(status => status == "succeeded"));
        var twice = ids.GroupBy(id => id.Split('_')[1]).Count(group => group.Count() > 1);
        var results = new BlobContainerClient(storage, "results").GetBlobs().Count();
        var mishaps = string.Join(", ", fates.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}"));
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"accepted {accepted.Count}, succeeded {succeeded}, lost {Jobs - ids.Count}, stuck "
            + $"{statuses.Count(status => status is not ("succeeded" or "failed"))}, twice {twice}, repeats "
            + $"{caller.Deliveries.Count - ids.Count}, kills {hosts.Kills}, storage requests {fates.Values.Sum()} ("
            + $"{mishaps})"));
        Assert.Multiple(() =>
        {
            Assert.That(accepted, Has.Count.EqualTo(Jobs), "one artwork a job");
            Assert.That(succeeded, Is.EqualTo(Jobs));
            Assert.That(ids, Has.Count.EqualTo(Jobs), "announced");
            Assert.That(twice, Is.Zero, "two final states announced for one artwork");
            Assert.That(results, Is.EqualTo(Jobs));
        });

        HashSet<string> Announced() => [.. caller.Deliveries.Select(delivery => delivery.Id)];
    }
}
