using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.LocalHost.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Messages that get lost, come twice or are broken; storage that fails.</summary>
public sealed class NothingLostTests : HandRunTests
{
    [Test]
    public async Task A_duplicate_of_a_processed_message_does_nothing()
    {
        var id = await Submit(Photo);
        await Process(id, attempt: 1);
        await Process(id, attempt: 1);
        Assert.That(Caller.Hits("/scene-toycar.jpg"), Is.EqualTo(1));
        Assert.That((await Find(id)).Attempt, Is.EqualTo(1));
        Assert.That(await Waiting(ArtworkQueues.Webhooks), Is.EqualTo(1), "one webhook message");
    }

    [Test]
    public async Task Two_workers_with_the_same_message_make_one_result()
    {
        var id = await Submit(Photo);
        await Task.WhenAll(Process(id, 1), Process(id, 1));
        var artwork = await Find(id);
        Assert.That((artwork.Status, artwork.Attempt), Is.EqualTo((ArtworkStatus.Succeeded, 1)));
        Assert.That(Caller.Hits("/scene-toycar.jpg"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_artwork_whose_message_got_lost_is_queued_again_by_the_sweeper()
    {
        var id = await Submit(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await Sweep();
        Assert.That(await Waiting(ArtworkQueues.Artworks), Is.Zero, "not before its time");
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await Sweep();
        await Sweep();
        Assert.That(await Waiting(ArtworkQueues.Artworks), Is.EqualTo(1), "and once only");
        await Process(id, 1);
        Assert.That((await Find(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task A_webhook_whose_message_got_lost_is_queued_again_by_the_sweeper()
    {
        var id = await Submit(Photo);
        await Process(id, 1);
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await Sweep();
        Assert.That(await Waiting(ArtworkQueues.Webhooks), Is.EqualTo(1));
        await Deliver(id, 1);
        Assert.That((await Find(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
    }

    [Test]
    public async Task A_delivered_webhook_is_not_sent_again_by_a_duplicate()
    {
        var id = await Submit(Photo);
        await Process(id, 1);
        await Deliver(id, 1);
        await Deliver(id, 1);
        Assert.That(Caller.Deliveries, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_artwork_that_nobody_ever_finishes_fails_after_three_starts()
    {
        var id = await Submit(Photo);
        for (var start = 0; start < 3; start++)
        {
            // A worker that claims and dies.
            var artwork = await Find(id);
            await Table().TryUpdate(artwork, artwork.Claim($"dead{start}", Clock.GetUtcNow(), TimeSpan.FromSeconds(30)), CancellationToken.None);
            Clock.Advance(TimeSpan.FromSeconds(31));
        }
        await Process(id, 4);
        var failed = await Find(id);
        Assert.That((failed.Status, failed.Failure!.Code), Is.EqualTo((ArtworkStatus.Failed, ArtworkFailure.InternalError)));
        Assert.That(await Waiting(ArtworkQueues.Webhooks), Is.EqualTo(1));
    }

    [Test]
    public async Task A_message_of_an_artwork_that_another_worker_holds_comes_back_when_its_lease_is_over()
    {
        var id = await Submit(Photo);
        var artwork = await Find(id);
        await Table().TryUpdate(artwork, artwork.Claim("other", Clock.GetUtcNow(), TimeSpan.FromSeconds(30)), CancellationToken.None);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await Process(id, 1);
        Assert.That((await Find(id)).LeaseOwner, Is.EqualTo("other"));
        Assert.That((await Queue(ArtworkQueues.Artworks).GetPropertiesAsync()).Value.ApproximateMessagesCount, Is.EqualTo(1), "a copy, invisible for now");
        Assert.That(await Waiting(ArtworkQueues.Artworks), Is.Zero);
    }

    [Test]
    public async Task A_cancel_during_the_work_wins_and_leaves_no_result()
    {
        var photo = Caller.ServeHeld(Repo.Sample("scene-toycar.jpg"));
        var id = await Submit(photo.Url);
        var work = Process(id, 1);
        await photo.Asked;
        using (var canceled = await Host.Client.PostAsync($"/v2/artworks/{id}/cancel", null)) Assert.That((await canceled.Json()).Text("status"), Is.EqualTo("canceled"));
        photo.Answer.SetResult();
        await work;
        Assert.That((await Find(id)).Status, Is.EqualTo(ArtworkStatus.Canceled));
        Assert.That(new BlobContainerClient(Host.ConnectionString, StoredPictures.ResultContainer).GetBlobs(), Is.Empty);
        await Deliver(id, 1);
        Assert.That(Caller.Deliveries.Single().Id, Does.EndWith("_canceled"));
    }

    [Test]
    public async Task A_delete_during_the_work_leaves_nothing_behind()
    {
        var photo = Caller.ServeHeld(Repo.Sample("scene-toycar.jpg"));
        var id = await Submit(photo.Url);
        var work = Process(id, 1);
        await photo.Asked;
        using (var deleted = await Host.Client.DeleteAsync($"/v2/artworks/{id}")) Assert.That((int)deleted.StatusCode, Is.EqualTo(204));
        photo.Answer.SetResult();
        await work;
        Assert.That(new BlobContainerClient(Host.ConnectionString, StoredPictures.ResultContainer).GetBlobs(), Is.Empty);
        foreach (var table in new[] { "artworks", "artworksbykey" })
            Assert.That(new TableClient(Host.ConnectionString, table).Query<TableEntity>(), Is.Empty, table);
    }

    [Test]
    public async Task A_worker_renews_its_claim_as_long_as_it_works()
    {
        var photo = Caller.ServeHeld(Repo.Sample("scene-toycar.jpg"));
        var id = await Submit(photo.Url);
        var work = Process(id, 1);
        await photo.Asked;
        var first = (await Find(id)).LeaseUntil;
        await Eventually.Holds(async () =>
        {
            // A third of the lease and a little; the download's own limits are longer.
            if ((await Find(id)).LeaseUntil == first) Clock.Advance(TimeSpan.FromSeconds(0.5));
            return (await Find(id)).LeaseUntil > first;
        }, "the claim is renewed");
        photo.Answer.SetResult();
        await work;
        Assert.That((await Find(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task A_worker_whose_claim_was_taken_over_stops_and_changes_nothing()
    {
        var photo = Caller.ServeHeld(Repo.Sample("scene-toycar.jpg"));
        var id = await Submit(photo.Url);
        var work = Process(id, 1);
        await photo.Asked;
        // As if it had slept past its lease, and another one had come.
        var artwork = await Find(id);
        await Table().TryUpdate(artwork, artwork.Claim("other", Clock.GetUtcNow(), TimeSpan.FromSeconds(30)), CancellationToken.None);
        await Eventually.Holds(() =>
        {
            if (!work.IsCompleted) Clock.Advance(TimeSpan.FromSeconds(0.5));
            return work.IsCompleted;
        }, "the worker notices and stops");
        await work;
        var now = await Find(id);
        Assert.That((now.Status, now.LeaseOwner, now.Attempt), Is.EqualTo((ArtworkStatus.Processing, "other", 2)));
    }

    [Test]
    public async Task Every_kind_of_trouble_is_counted()
    {
        using var counted = new Counted(Host);
        var id = await Submit(Photo);
        await Host.Get<ProcessArtwork>().Process("no message", CancellationToken.None);
        await Process(Guid.NewGuid().ToString(), 1);
        await Process(id, 1);
        await Process(id, 1);
        var failing = await Submit(Caller.ServePage("/500", context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        }));
        await Process(failing, 1);
        await Host.Get<ProcessArtwork>().FailPoisoned(Message(failing, 1), CancellationToken.None);
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Sweep();
        Assert.Multiple(() =>
        {
            Assert.That(counted.Of("removebg.artworks.accepted"), Is.EqualTo(2));
            Assert.That(counted.Of("removebg.artworks.started"), Is.EqualTo(2));
            Assert.That(counted.Of("removebg.artworks.ended status=succeeded code="), Is.EqualTo(1));
            Assert.That(counted.Of("removebg.artworks.ended status=failed code=internal_error"), Is.EqualTo(1));
            Assert.That(counted.Of("removebg.artworks.wait"), Is.EqualTo(2));
            Assert.That(counted.Of("removebg.pipeline.step.duration step=infer model=removebg-lite provider=cpu"), Is.EqualTo(1));
            foreach (var fault in new[] { "UnreadableMessage", "RecordMissing", "Duplicate", "Retried code=image_unreachable", "Poisoned" })
                Assert.That(counted.Of($"removebg.faults fault={fault}"), Is.EqualTo(1), fault);
            Assert.That(counted.Of("removebg.faults fault=Overdue"), Is.GreaterThanOrEqualTo(1));
        });
    }

    [Test]
    public async Task A_worker_that_died_between_storing_the_result_and_the_record_is_repeated_and_leaves_one_result()
    {
        var id = await Submit(Photo);
        var artwork = await Find(id);
        await Table().TryUpdate(artwork, artwork.Claim("dead", Clock.GetUtcNow(), TimeSpan.FromSeconds(30)), CancellationToken.None);
        await Host.Get<StoredPictures>().PutResult(artwork.Id, new MemoryStream([1, 2, 3]), "image/webp", CancellationToken.None);
        Clock.Advance(TimeSpan.FromSeconds(31));
        await Process(id, 2);
        var result = new BlobContainerClient(Host.ConnectionString, StoredPictures.ResultContainer).GetBlobs().Single();
        Assert.That(result.Properties.ContentLength, Is.GreaterThan(3), "written over");
        Assert.That((await Find(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
        Assert.That(await Waiting(ArtworkQueues.Webhooks), Is.EqualTo(1));
    }

    [TestCase(1)]
    [TestCase(-1)]
    public async Task A_worker_whose_clock_is_an_hour_off_cannot_end_an_artwork_a_second_time(int hours)
    {
        var photo = Caller.ServeHeld(Repo.Sample("scene-toycar.jpg"));
        var id = await Submit(photo.Url);
        var work = Process(id, 1);
        await photo.Asked;
        var wrong = new FakeTimeProvider(Clock.GetUtcNow().AddHours(hours));
        await using var other = await RunningHost.Start(services: services => services.AddSingleton<TimeProvider>(wrong), takesWork: false, storage: Host.ConnectionString);
        var second = other.Get<ProcessArtwork>().Process(Message(id, 1), CancellationToken.None);
        photo.Answer.SetResult();
        await Task.WhenAll(work, second);
        var artwork = await Find(id);
        Assert.That(artwork.Status, Is.EqualTo(ArtworkStatus.Succeeded));
        Assert.That(await Waiting(ArtworkQueues.Webhooks), Is.EqualTo(1), "announced once");
        Assert.That(new BlobContainerClient(Host.ConnectionString, StoredPictures.ResultContainer).GetBlobs().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Processing_that_outlasts_its_deadline_fails()
    {
        await using var host = await RunningHost.Start(new() { ["RemoveBg:Process:Deadline"] = "00:00:02" }, takesWork: false);
        var photo = Caller.ServeHeld(Repo.Sample("scene-toycar.jpg"));
        using var submitted = await host.Submit(new { imageUrl = photo.Url });
        var id = (await submitted.Json()).Text("id")!;
        await host.Get<ProcessArtwork>().Process(Message(id, 1), CancellationToken.None);
        var failed = await host.Read(id);
        Assert.That(failed.GetProperty("error").Text("message"), Is.EqualTo("Processing took longer than 2 s."));
        photo.Answer.SetResult();
    }

    [Test]
    public async Task A_transient_failure_is_tried_three_times_at_growing_intervals_and_then_final()
    {
        var id = await Submit(Caller.ServePage("/503", context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        }));
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            Assert.That((await Find(id)).Status.IsTerminal(), Is.False);
            await Process(id, attempt);
            await Process(id, attempt);
            Clock.Advance(TimeSpan.FromSeconds(10));
        }
        Assert.That(Caller.Hits("/503"), Is.EqualTo(3), "duplicates of an earlier attempt's message try nothing");
        Assert.That((await Find(id)).Failure!.Code, Is.EqualTo(ArtworkFailure.ImageUnreachable));
    }

    [TestCase("not a message")]
    [TestCase("{}")]
    [TestCase("""{"v":99,"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","attempt":1}""")]
    [TestCase("""{"v":1,"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","attempt":1}""", Description = "unknown artwork")]
    public void A_message_that_makes_no_sense_is_dropped_by_every_function(string text) => Assert.Multiple(() =>
    {
        Assert.That(() => Host.Get<ProcessArtwork>().Process(text, CancellationToken.None), Throws.Nothing);
        Assert.That(() => Host.Get<ProcessArtwork>().FailPoisoned(text, CancellationToken.None), Throws.Nothing);
        Assert.That(() => Host.Get<DeliverWebhook>().Deliver(text, CancellationToken.None), Throws.Nothing);
        Assert.That(() => Host.Get<DeliverWebhook>().CountPoisoned(text, CancellationToken.None), Throws.Nothing);
    });

    [Test]
    public async Task A_poisoned_artwork_that_was_never_started_gets_one_more_chance_and_then_fails()
    {
        var id = await Submit(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        var poison = Host.Get<ProcessArtwork>();
        await poison.FailPoisoned(Message(id, 1), CancellationToken.None);
        Assert.That((await Find(id)).Status, Is.EqualTo(ArtworkStatus.Starting));
        Assert.That(await Waiting(ArtworkQueues.Artworks), Is.EqualTo(1));
        await poison.FailPoisoned(Message(id, 2), CancellationToken.None);
        Assert.That((await Find(id)).Status, Is.EqualTo(ArtworkStatus.Failed));
        Assert.That(await Waiting(ArtworkQueues.Webhooks), Is.EqualTo(1));
    }

    [Test]
    public async Task A_poisoned_webhook_attempt_counts_as_failed_and_the_next_is_planned()
    {
        var id = await Submit(Photo);
        await Process(id, 1);
        await Host.Get<DeliverWebhook>().CountPoisoned(Message(id, 1), CancellationToken.None);
        var delivery = (await Find(id)).Delivery;
        Assert.That((delivery.Status, delivery.Attempts), Is.EqualTo((WebhookStatus.Pending, 1)));
        Assert.That(delivery.NextAttemptAt, Is.GreaterThan(Clock.GetUtcNow()));
    }

    [Test]
    public async Task All_attempts_spent_leaves_the_result_readable_and_can_be_redelivered()
    {
        Caller.OnDelivery = (number, context) =>
        {
            context.Response.StatusCode = number <= 10 ? 500 : 200;
            return Task.CompletedTask;
        };
        var id = await Submit(Photo);
        await Process(id, 1);
        for (var attempt = 1; attempt <= 10; attempt++)
        {
            await Deliver(id, attempt);
            Clock.Advance(TimeSpan.FromHours(30));
        }
        Assert.That((await Find(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Exhausted));
        Assert.That((await Host.Read(id)).Text("status"), Is.EqualTo("succeeded"));

        using (var again = await Host.Client.PostAsync($"/v2/artworks/{id}/webhook-deliveries/redeliver", null)) Assert.That((int)again.StatusCode, Is.EqualTo(202));
        await Deliver(id, 11);
        Assert.That((await Find(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
        Assert.That(Caller.Deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task What_outlived_its_retention_is_erased()
    {
        var id = await Submit(Photo);
        await Process(id, 1);
        await Host.Get<SweepArtworks>().Erase(CancellationToken.None);
        var results = new BlobContainerClient(Host.ConnectionString, StoredPictures.ResultContainer);
        Assert.That(results.GetBlobs().Count(), Is.EqualTo(1));

        Clock.Advance(TimeSpan.FromHours(25));
        await Host.Get<SweepArtworks>().Erase(CancellationToken.None);
        Assert.That(results.GetBlobs(), Is.Empty);
        var artwork = await Host.Read(id);
        Assert.That((artwork.Text("status"), artwork.GetProperty("results").GetArrayLength()), Is.EqualTo(("succeeded", 0)), "no dead URL");

        Clock.Advance(TimeSpan.FromDays(7));
        await Host.Get<SweepArtworks>().Erase(CancellationToken.None);
        using var gone = await Host.Client.GetAsync($"/v2/artworks/{id}");
        Assert.That((int)gone.StatusCode, Is.EqualTo(404));
    }

    [Test]
    public async Task With_storage_gone_a_submit_is_answered_500_with_retry_after_and_readyz_503()
    {
        var azurite = await Azurite.Start(Repo.Root, data: null, CancellationToken.None);
        await using var host = await RunningHost.Start(takesWork: false, storage: azurite.ConnectionString);
        await azurite.DisposeAsync();

        using var submit = await host.Submit(new { imageUrl = Photo });
        var error = await submit.Json();
        using var ready = await host.Client.GetAsync("/readyz");
        using var alive = await host.Client.GetAsync("/healthz");
        Assert.Multiple(() =>
        {
            Assert.That((int)submit.StatusCode, Is.EqualTo(500));
            Assert.That(submit.Headers.RetryAfter!.Delta, Is.GreaterThan(TimeSpan.Zero));
            Assert.That(submit.Headers.GetValues("traceparent").Single(), Does.Match("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"));
            Assert.That(error.Text("message"), Does.Not.Contain("127.0.0.1"));
            Assert.That((int)ready.StatusCode, Is.EqualTo(503));
            Assert.That((int)alive.StatusCode, Is.EqualTo(200));
        });
    }
}
