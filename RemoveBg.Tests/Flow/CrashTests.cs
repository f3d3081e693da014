using Azure.Storage.Blobs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Hosts as processes of their own, so that they can be killed.</summary>
public sealed class CrashTests
{
    [Test]
    public async Task A_job_whose_host_was_killed_in_the_middle_ends_succeeded_with_one_result_and_one_webhook_id()
    {
        await using var caller = await Caller.Start();
        var photo = caller.ServeHeld(Repo.Sample("scene-mug.jpg"));
        var storage = Storage.NewAccount();
        string id;

        using (var first = await HostProcess.Start(storage))
        {
            id = await first.Submit(photo.Url, caller.WebhookUrl);
            await photo.Asked.WaitAsync(TimeSpan.FromSeconds(30));
            first.Kill();
        }
        photo.Answer.SetResult();

        using var second = await HostProcess.Start(storage);
        await Eventually.Holds(async () => await second.Status(id) == "succeeded", "the artwork succeeds after the restart", TimeSpan.FromSeconds(120));
        var deliveries = await caller.UntilDelivered(1);
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
    public async Task A_host_that_is_asked_to_stop_finishes_what_it_has_begun()
    {
        await using var caller = await Caller.Start();
        var photo = caller.ServeHeld(Repo.Sample("scene-mug.jpg"));
        var storage = Storage.NewAccount();
        using var host = await HostProcess.Start(storage);
        await host.Submit(photo.Url, webhook: null);
        await photo.Asked.WaitAsync(TimeSpan.FromSeconds(30));

        host.Terminate();
        await host.UntilSaid("Stopping");
        photo.Answer.SetResult();
        await host.UntilExited();
        Assert.That(new BlobContainerClient(storage, "results").GetBlobs().ToList(), Has.Count.EqualTo(1));
        Assert.That(host.ExitCode, Is.Zero);
    }
}
