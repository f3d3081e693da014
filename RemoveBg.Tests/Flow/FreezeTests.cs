using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>A process that does not run for minutes: on a clock that jumps, and with a real SIGSTOP.</summary>
public sealed class FreezeTests : HandRunTests
{
    private static readonly TimeSpan Freeze = TimeSpan.FromSeconds(185);

    [Test]
    public async Task A_freeze_longer_than_every_limit_ends_neither_the_download_nor_the_job()
    {
        var photo = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        var id = await SubmitAsync(photo.Url);
        var work = ProcessAsync(id, 1);
        await photo.Asked;
        Clock.Advance(Freeze);
        photo.Answer.SetResult();
        await work;
        var artwork = await FindAsync(id);
        Assert.That((artwork.Status, artwork.Attempt, artwork.HandBacks),
            Is.EqualTo((ArtworkStatus.Succeeded, 1, 0)));
    }

    [Test]
    public async Task A_download_that_breaks_in_a_freeze_is_repeated_and_costs_no_attempt()
    {
        using var counted = new Counted(Host);
        var id = await SubmitAsync(ServeFreezing(times: 1));
        await ProcessAsync(id, 1);
        var waiting = await FindAsync(id);
        Assert.That((waiting.Status, waiting.Attempt, waiting.HandBacks, waiting.LeaseOwner),
            Is.EqualTo((ArtworkStatus.Processing, 0, 1, (string?)null)));
        Assert.That(counted.Of("removebg.faults fault=Frozen"), Is.EqualTo(1));
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task A_freeze_does_not_make_a_failure_final_that_would_be()
    {
        var id = await SubmitAsync(ServeFreezing(times: 1, context => context.Response.WriteAsync("cut off")));
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Processing));
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task A_job_that_freezes_its_host_each_time_ends_after_its_attempts()
    {
        var url = ServeFreezing(times: 1000);
        var id = await SubmitAsync(url);
        for (var message = 1; message <= 20 && !(await FindAsync(id)).Status.IsTerminal(); message++)
            await ProcessAsync(id, (await FindAsync(id)).Attempt + 1);
        var failed = await FindAsync(id);
        Assert.That((failed.Failure!.Code, failed.HandBacks), Is.EqualTo((ArtworkFailure.ImageUnreachable, 10)));
        Assert.That(Caller.Hits("/freezing.jpg"), Is.EqualTo(13), "ten uncounted attempts and three");
    }

    [Test]
    public async Task A_copy_of_the_message_after_a_freeze_leaves_the_job_to_this_process()
    {
        var photo = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        var id = await SubmitAsync(photo.Url);
        var work = ProcessAsync(id, 1);
        await photo.Asked;
        // The freeze is over, the lease too, and the copy is faster than the renewal.
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork, artwork with { LeaseUntil = Clock.GetUtcNow().AddSeconds(-1) },
            CancellationToken.None);
        await ProcessAsync(id, 1).WaitAsync(TimeSpan.FromSeconds(30));
        await Host.Get<ProcessArtwork>().FailPoisonedAsync(Message(id, 1), CancellationToken.None);
        photo.Answer.SetResult();
        await work;
        artwork = await FindAsync(id);
        Assert.That((artwork.Status, artwork.Attempt), Is.EqualTo((ArtworkStatus.Succeeded, 1)));
        Assert.That(Caller.Hits("/held.jpg"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_claim_lost_in_a_freeze_costs_no_attempt_and_leaves_the_new_claim_alone()
    {
        var photo = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        var id = await SubmitAsync(photo.Url);
        var frozen = ProcessAsync(id, 1);
        await photo.Asked;
        // For the other worker, the lease is over.
        var later = new FakeTimeProvider(Clock.GetUtcNow() + Freeze);
        await using var other = await RunningHost.StartAsync(services: services =>
            services.AddSingleton<TimeProvider>(later), takesWork: false, storage: Host.ConnectionString);
        var takenOver = other.Get<ProcessArtwork>().ProcessAsync(Message(id, 1), CancellationToken.None);
        await Eventually.HoldsAsync(() => Caller.Hits("/held.jpg") == 2, "the other worker has taken over");
        Assert.That((await FindAsync(id)).Attempt, Is.EqualTo(2));

        Clock.Advance(Freeze);
        await frozen;
        var artwork = await FindAsync(id);
        Assert.That((artwork.Status, artwork.Attempt, artwork.HandBacks),
            Is.EqualTo((ArtworkStatus.Processing, 1, 1)));

        photo.Answer.SetResult();
        await takenOver;
        artwork = await FindAsync(id);
        Assert.That((artwork.Status, artwork.Attempt), Is.EqualTo((ArtworkStatus.Succeeded, 1)));
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1), "announced once");
    }

    [Test]
    public async Task A_webhook_that_breaks_in_a_freeze_is_repeated_and_costs_no_attempt()
    {
        Caller.OnDelivery = (number, context) =>
        {
            if (number == 1)
            {
                Clock.Advance(Freeze);
                context.Abort();
            }
            return Task.CompletedTask;
        };
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        await DeliverAsync(id, 1);
        var delivery = (await FindAsync(id)).Delivery;
        Assert.That((delivery.Status, delivery.Attempts, delivery.LeaseUntil),
            Is.EqualTo((WebhookStatus.Pending, 0, (DateTimeOffset?)null)));
        Assert.That((await Queue(ArtworkQueues.Webhooks).GetPropertiesAsync()).Value.ApproximateMessagesCount,
            Is.EqualTo(1), "soon again");
        await DeliverAsync(id, 1);
        delivery = (await FindAsync(id)).Delivery;
        Assert.That((delivery.Status, delivery.Attempts), Is.EqualTo((WebhookStatus.Delivered, 1)));
        Assert.That(Caller.Deliveries.Select(received => received.Id).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_receiver_that_answers_after_a_freeze_has_answered_in_time()
    {
        Caller.OnDelivery = (_, _) =>
        {
            Clock.Advance(Freeze);
            return Task.CompletedTask;
        };
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await DeliverAsync(id, 1);
        var delivery = (await FindAsync(id)).Delivery;
        Assert.That((delivery.Status, delivery.Attempts), Is.EqualTo((WebhookStatus.Delivered, 1)));
    }

    [Test]
    public async Task A_host_stopped_for_longer_than_its_limits_finishes_its_jobs()
    {
        var limit = TimeSpan.FromSeconds(6);
        await AssertStoppedHostFinishesAsync(jobs: 2, stopped: limit + TimeSpan.FromSeconds(2), new()
        {
            ["RemoveBg__Process__Deadline"] = limit.ToString(),
            ["RemoveBg__Fetch__TotalTimeout"] = limit.ToString(),
            ["RemoveBg__Fetch__IdleTimeout"] = limit.ToString(),
        });
    }

    [Test]
    [Category("Chaos")]
    public Task A_host_stopped_for_three_minutes_finishes_its_jobs() =>
        AssertStoppedHostFinishesAsync(jobs: 8, Freeze, []);

    /// <summary>Stops a host whose jobs wait for their photos.</summary>
    private async Task AssertStoppedHostFinishesAsync(int jobs, TimeSpan stopped, Dictionary<string, string?> settings)
    {
        var photo = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        var storage = Storage.NewAccount();
        using var host = await HostProcess.StartAsync(storage, settings);
        var ids = new List<string>();
        for (var job = 0; job < jobs; job++) ids.Add(await host.SubmitAsync(photo.Url, Caller.WebhookUrl));
        await Eventually.HoldsAsync(() => Caller.Hits("/held.jpg") == jobs, "every job downloads");
        host.Signal("STOP");
        await Task.Delay(stopped, TimeProvider.System);
        host.Signal("CONT");
        // It runs again, and so do its overdue timers.
        foreach (var id in ids) await host.StatusAsync(id);
        photo.Answer.SetResult();

        await Eventually.HoldsAsync(() => Caller.Deliveries.Count == jobs, "every job is announced",
            TimeSpan.FromSeconds(120));
        foreach (var id in ids) Assert.That(await host.StatusAsync(id), Is.EqualTo("succeeded"));
        Assert.That(Caller.Deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(jobs));
    }

    /// <summary>A photo whose server sees this process freeze in the middle of the download, and then breaks
    /// off.</summary>
    private string ServeFreezing(int times, Func<HttpContext, Task>? breakOff = null)
    {
        var requests = 0;
        return Caller.ServePage("/freezing.jpg", async context =>
        {
            if (Interlocked.Increment(ref requests) > times)
            {
                await context.Response.SendFileAsync(SmallPhotos.Of("scene-toycar.jpg"));
                return;
            }
            Clock.Advance(Freeze);
            if (breakOff is null) context.Abort();
            else await breakOff(context);
        });
    }
}
