using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The service in parts, as infra/container-apps and infra/kubernetes describe it: two processes serve HTTP,
/// three take messages, one sweeps. They mostly wait for leases of killed workers, so the tests run at once.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class RolesTests
{
    [Test]
    public Task Nothing_is_lost_doubled_or_stuck_when_one_of_three_workers_is_killed() =>
        RunAsync(artworks: 20, kills: 1);

    [Test, Category("Chaos")]
    public Task Nothing_is_lost_doubled_or_stuck_while_workers_are_killed_and_added() =>
        RunAsync(artworks: 500, kills: 8);

    [Test]
    public async Task A_stopping_worker_reads_no_queue_while_it_finishes_what_runs()
    {
        await using var caller = await Caller.StartAsync();
        var (received, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        caller.OnDelivery = async (number, _) =>
        {
            received.TrySetResult();
            await answer.Task;
        };
        var storage = Storage.NewAccount();
        using var web = await HostProcess.StartAsync(storage, Settings("web"));
        using var worker = await HostProcess.StartAsync(storage,
            new Dictionary<string, string?>(Settings("worker")) { ["RemoveBg__Webhook__Timeout"] = "00:01:00" });
        var held = caller.ServeHeld(SmallPhotos.Of("scene-mug.jpg"));
        await web.SubmitAsync(caller.Serve(SmallPhotos.Of("scene-toycar.jpg")), caller.WebhookUrl);
        await received.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var id = await web.SubmitAsync(held.Url, webhook: null);
        await held.Asked.WaitAsync(TimeSpan.FromSeconds(60));

        worker.Terminate();
        // Neither has ended: a worker that stopped one pump after the other would say one of these only.
        await worker.UntilSaidAsync("Queue artworks: waiting for 1 running messages");
        await worker.UntilSaidAsync("Queue webhooks: waiting for 1 running messages");
        held.Answer.SetResult();
        answer.SetResult();
        await worker.UntilExitedAsync();
        Assert.That(worker.ExitCode, Is.Zero);
        Assert.That(await web.StatusAsync(id), Is.EqualTo("succeeded"));
        Assert.That(caller.Deliveries, Has.Count.EqualTo(1));
    }

    private static async Task RunAsync(int artworks, int kills)
    {
        using var folder = new TemporaryFolder();
        GreyNetwork.Write(folder.Path, GreyNetwork.Content(64, 64), """
            "licence": "MIT", "mean": [0, 0, 0], "std": [1, 1, 1], "activation": "none"
            """);
        var model = new Dictionary<string, string?>
        {
            ["RemoveBg__Model__Name"] = "my-network", ["RemoveBg__Model__Folders"] = folder.Path,
            // A worker may be unlucky in each of its lives.
            ["RemoveBg__Process__MaxAttempts"] = "10",
        };
        await using var caller = await Caller.StartAsync();
        var storage = Storage.NewAccount();
        await using var web = await KilledHosts.StartAsync(storage, count: 2, settings: Settings("web"), byTime: false);
        await using var workers = await KilledHosts.StartAsync(storage, count: 3,
            settings: Settings("worker").Concat(model).ToDictionary(), byTime: false);
        using var sweeper = await HostProcess.StartAsync(storage, Settings("sweeper"));
        var photo = caller.Serve(SmallPhotos.Of("scene-toycar.jpg"));

        // 1. Submissions to both web processes, while workers die and come.
        var watch = Stopwatch.StartNew();
        var accepted = new ConcurrentDictionary<string, int>();
        var submitting = Parallel.ForEachAsync(Enumerable.Range(0, artworks),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (job, _) => accepted[await web.SubmitAsync(job, photo, caller.WebhookUrl)] = job);
        for (var kill = 1; kill <= kills; kill++)
        {
            var done = artworks * kill / (kills + 2);
            await Eventually.HoldsAsync(() => Announced() >= done, $"{done} are announced", TimeSpan.FromMinutes(3));
            await workers.KillNextAsync();
            if (kill == kills / 2) await workers.AddAsync();
        }
        await submitting;

        // 2. What became of them.
        await Eventually.HoldsAsync(() => Announced() >= artworks, "each is announced", TimeSpan.FromMinutes(5));
        var seconds = watch.Elapsed.TotalSeconds;
        var fates = await Fates.ReadAsync(web[0], storage, caller, accepted.Keys);
        await TestContext.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{fates}, kills {workers.Kills}, {seconds:0} s"));
        fates.AssertNoneLostStuckOrTwice();
        Assert.That((fates.Accepted, fates.Succeeded), Is.EqualTo((artworks, artworks)));

        int Announced() => caller.Deliveries.DistinctBy(delivery => delivery.Id).Count();
    }

    private static Dictionary<string, string?> Settings(string role) => new() { ["RemoveBg__Role"] = role };
}
