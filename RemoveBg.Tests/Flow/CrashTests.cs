using Azure.Storage.Blobs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Hosts as processes of their own, so that they can be killed. The tests mostly wait for leases, so they run
/// at once.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class CrashTests
{
    [Test]
    public async Task A_job_whose_host_was_killed_in_the_middle_ends_succeeded_with_one_result_and_one_webhook_id()
    {
        await using var caller = await Caller.StartAsync();
        var photo = caller.ServeHeld(SmallPhotos.Of("scene-mug.jpg"));
        var storage = Storage.NewAccount();
        string id;

        using (var first = await HostProcess.StartAsync(storage))
        {
            id = await first.SubmitAsync(photo.Url, caller.WebhookUrl);
            await photo.Asked.WaitAsync(TimeSpan.FromSeconds(30));
            first.Kill();
        }
        photo.Answer.SetResult();

        using var second = await HostProcess.StartAsync(storage);
        await Eventually.HoldsAsync(async () => await second.StatusAsync(id) == "succeeded",
            "the artwork succeeds after the restart", TimeSpan.FromSeconds(120));
        var deliveries = await caller.UntilDeliveredAsync(1);
        var results = new BlobContainerClient(storage, "results").GetBlobs().ToList();
        Assert.Multiple(() =>
        {
            Assert.That(caller.Hits("/held.jpg"), Is.EqualTo(2), "the first host's download and the second's");
            Assert.That(results, Has.Count.EqualTo(1));
            Assert.That(deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(1));
            Assert.That(deliveries[0].Text, Does.Contain("\"status\":\"succeeded\""));
        });
    }

    [Test]
    public async Task Jobs_succeed_once_although_their_hosts_are_killed()
    {
        await using var caller = await Caller.StartAsync();
        var storage = Storage.NewAccount();
        // On a slow machine a host starts after the lease of the earlier jobs, and is killed with them.
        var settings = new Dictionary<string, string?> { ["RemoveBg__Process__MaxAttempts"] = "10" };
        var ids = new List<string>();
        foreach (var milliseconds in new[] { 10, 60, 150, 300 })
        {
            // A path of its own: an earlier job that is tried again must not set off the kill.
            var photo = caller.ServeHeld(SmallPhotos.Of("scene-mug.jpg"), $"/held-{milliseconds}.jpg");
            using var host = await HostProcess.StartAsync(storage, settings);
            ids.Add(await host.SubmitAsync(photo.Url, caller.WebhookUrl));
            await photo.Asked.WaitAsync(TimeSpan.FromSeconds(30));
            photo.Answer.SetResult();
            // Wherever it is by then (decode, inference, encode, upload, record, webhook): what must hold is the same.
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
            host.Kill();
        }

        using var last = await HostProcess.StartAsync(storage, settings);
        foreach (var id in ids)
        {
            string? status = null;
            await Eventually.HoldsAsync(async () => (status = await last.StatusAsync(id)) is "succeeded" or "failed",
                $"artwork {id} ends", TimeSpan.FromSeconds(120));
            Assert.That(status, Is.EqualTo("succeeded"));
        }
        await Eventually.HoldsAsync(() => caller.Deliveries.Select(delivery => delivery.Id).Distinct().Count()
            == ids.Count, "each is announced, under one id");
        Assert.That(new BlobContainerClient(storage, "results").GetBlobs().Count(), Is.EqualTo(ids.Count));
    }

    [Test]
    public async Task A_host_that_was_killed_while_a_receiver_had_the_webhook_sends_it_again_under_the_same_id()
    {
        await using var caller = await Caller.StartAsync();
        var received = new TaskCompletionSource();
        caller.OnDelivery = async (number, context) =>
        {
            // The first attempt is never answered.
            if (number > 1) return;
            received.SetResult();
            await context.RequestAborted.AsTaskAsync();
        };
        var storage = Storage.NewAccount();
        using (var first = await HostProcess.StartAsync(storage))
        {
            await first.SubmitAsync(caller.Serve(SmallPhotos.Of("scene-mug.jpg")), caller.WebhookUrl);
            await received.Task.WaitAsync(TimeSpan.FromSeconds(60));
            first.Kill();
        }
        using var second = await HostProcess.StartAsync(storage);
        await Eventually.HoldsAsync(() => caller.Deliveries.Count == 2, "the webhook comes again",
            TimeSpan.FromSeconds(180));
        Assert.That(caller.Deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_stopping_host_finishes_its_running_jobs()
    {
        await using var caller = await Caller.StartAsync();
        var photo = caller.ServeHeld(SmallPhotos.Of("scene-mug.jpg"));
        var storage = Storage.NewAccount();
        using var host = await HostProcess.StartAsync(storage);
        await host.SubmitAsync(photo.Url, webhook: null);
        await photo.Asked.WaitAsync(TimeSpan.FromSeconds(30));

        host.Terminate();
        await host.UntilSaidAsync("Stopping");
        photo.Answer.SetResult();
        await host.UntilExitedAsync();
        Assert.That(new BlobContainerClient(storage, "results").GetBlobs().ToList(), Has.Count.EqualTo(1));
        Assert.That(host.ExitCode, Is.Zero);
    }
}
