using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.AspNetCore.Http;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Messages that get lost, come twice or are broken; storage that fails.</summary>
public sealed class NothingLostTests : HandRunTests
{
    [Test]
    public async Task A_duplicate_of_a_processed_message_does_nothing()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, attempt: 1);
        await ProcessAsync(id, attempt: 1);
        Assert.That(Caller.Hits("/scene-toycar.jpg"), Is.EqualTo(1));
        Assert.That((await FindAsync(id)).Attempt, Is.EqualTo(1));
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1), "one webhook message");
    }

    [Test]
    public async Task An_artwork_whose_message_got_lost_is_queued_again_by_the_sweeper()
    {
        var id = await SubmitAsync(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await SweepAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience - TimeSpan.FromTicks(1));
        await SweepAsync();
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.Zero, "not before its time");
        Clock.Advance(TimeSpan.FromTicks(1));
        await SweepAsync();
        await SweepAsync();
        var message = (await Queue(ArtworkQueues.Artworks).PeekMessagesAsync(32)).Value.Single();
        Assert.That(ArtworkMessage.TryParse(message.MessageText)!.Attempt, Is.EqualTo(1));
        await Host.Get<ProcessArtwork>().ProcessAsync(message.MessageText, CancellationToken.None);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task A_webhook_whose_message_got_lost_is_queued_again_by_the_sweeper()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
        await DeliverAsync(id, 1);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
    }

    [Test]
    public async Task A_webhook_that_a_killed_worker_did_not_queue_is_queued_when_its_message_comes_again()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        Clock.Advance(TimeSpan.FromSeconds(30));
        await ProcessAsync(id, 1);
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
        await DeliverAsync(id, 1);
        await ProcessAsync(id, 1);
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1), "none for a delivered webhook");
    }

    [Test]
    public async Task A_delivered_webhook_is_not_sent_again_by_a_duplicate()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await DeliverAsync(id, 1);
        await DeliverAsync(id, 1);
        Assert.That(Caller.Deliveries, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_artwork_that_no_worker_finishes_fails_after_three_attempts()
    {
        var id = await SubmitAsync(Photo);
        for (var start = 0; start < 3; start++)
        {
            // A worker that claims and dies.
            var artwork = await FindAsync(id);
            await Table().TryUpdateAsync(artwork,
                artwork.Claim($"dead{start}", Clock.GetUtcNow(), TimeSpan.FromSeconds(30)), CancellationToken.None);
            Clock.Advance(TimeSpan.FromSeconds(31));
        }
        await ProcessAsync(id, 4);
        var failed = await FindAsync(id);
        Assert.That((failed.Status, failed.Failure!.Code),
            Is.EqualTo((ArtworkStatus.Failed, ArtworkFailure.InternalError)));
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
    }

    [Test]
    public async Task Every_kind_of_fault_is_counted()
    {
        using var counted = new Counted(Host);
        var id = await SubmitAsync(Photo);
        await Host.Get<ProcessArtwork>().ProcessAsync("no message", CancellationToken.None);
        await ProcessAsync(Guid.NewGuid().ToString(), 1);
        await ProcessAsync(id, 1);
        await ProcessAsync(id, 1);
        var failing = await SubmitAsync(Caller.ServePage("/500", context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        }));
        await ProcessAsync(failing, 1);
        await Host.Get<ProcessArtwork>().FailPoisonedAsync(Message(failing, 1), CancellationToken.None);
        Clock.Advance(TimeSpan.FromMinutes(5));
        await SweepAsync();
        Assert.Multiple(() =>
        {
            Assert.That(counted.Of("removebg.artworks.accepted"), Is.EqualTo(2));
            Assert.That(counted.Of("removebg.artworks.started"), Is.EqualTo(2));
            Assert.That(counted.Of("removebg.artworks.ended status=succeeded code="), Is.EqualTo(1));
            Assert.That(counted.Of("removebg.artworks.ended status=failed code=internal_error"), Is.EqualTo(1));
            Assert.That(counted.Of("removebg.artworks.wait"), Is.EqualTo(2));
            Assert.That(counted.Of("removebg.pipeline.step.duration step=infer model=removebg provider=cpu"),
                Is.EqualTo(1));
            foreach (var fault in new[] { "UnreadableMessage", "RecordMissing", "Duplicate",
                "Retried code=image_unreachable", "Poisoned" })
                Assert.That(counted.Of($"removebg.faults fault={fault}"), Is.EqualTo(1), fault);
            Assert.That(counted.Of("removebg.faults fault=Overdue"), Is.GreaterThanOrEqualTo(1));
        });
    }

    [Test]
    public async Task A_transient_failure_is_retried_at_growing_intervals_and_final_after_three_attempts()
    {
        using var requests = new StorageRequests(Host.ConnectionString);
        var id = await SubmitAsync(Caller.ServePage("/503", context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        }));
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            Assert.That((await FindAsync(id)).Status.IsTerminal(), Is.False);
            await ProcessAsync(id, attempt);
            await ProcessAsync(id, attempt);
            Clock.Advance(TimeSpan.FromSeconds(10));
        }
        Assert.That(Caller.Hits("/503"), Is.EqualTo(3), "duplicates of an earlier attempt's message try nothing");
        Assert.That(requests.DelaysOf(ArtworkQueues.Artworks), Is.EqualTo(new[] { 0, 1, 4 }));
        Assert.That((await FindAsync(id)).Failure!.Code, Is.EqualTo(ArtworkFailure.ImageUnreachable));
    }

    [TestCase("not a message")]
    [TestCase("{}")]
    [TestCase("""{"v":99,"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","attempt":1}""")]
    [TestCase("""{"v":1,"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","attempt":1}""", Description = "unknown artwork")]
    public void Every_function_drops_an_unreadable_message(string text) => Assert.Multiple(() =>
    {
        Assert.That(() => Host.Get<ProcessArtwork>().ProcessAsync(text, CancellationToken.None), Throws.Nothing);
        Assert.That(() => Host.Get<ProcessArtwork>().FailPoisonedAsync(text, CancellationToken.None), Throws.Nothing);
        Assert.That(() => Host.Get<DeliverWebhook>().DeliverAsync(text, CancellationToken.None), Throws.Nothing);
        Assert.That(() => Host.Get<DeliverWebhook>().CountPoisonedAsync(text, CancellationToken.None), Throws.Nothing);
    });

    [TestCase("%%% neither base64 nor JSON")]
    [TestCase("bm90IGEgbWVzc2FnZQ==", Description = "base64 of something else")]
    public async Task An_unreadable_message_is_kept_unchanged_for_the_operator(string text)
    {
        await Host.Get<ProcessArtwork>().ProcessAsync(text, CancellationToken.None);
        await Host.Get<DeliverWebhook>().DeliverAsync(text, CancellationToken.None);
        foreach (var queue in new[] { ArtworkQueues.Artworks, ArtworkQueues.Webhooks })
        {
            var kept = new QueueClient(Host.ConnectionString, queue + ArtworkQueues.UnreadableSuffix);
            var messages = (await kept.PeekMessagesAsync(32)).Value.Select(message => message.Body.ToString());
            Assert.That(messages, Is.EqualTo(new[] { text }), queue);
        }
    }

    [Test]
    public async Task A_message_is_read_in_base64_and_as_plain_json()
    {
        foreach (var encode in new Func<string, string>[] { text => text, ToBase64 })
        {
            var id = await SubmitAsync(Photo);
            await Host.Get<ProcessArtwork>().ProcessAsync(encode(Message(id, 1)), CancellationToken.None);
            Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
        }

        static string ToBase64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
    }

    [Test]
    public async Task A_poisoned_artwork_that_was_never_started_is_queued_once_more_and_then_fails()
    {
        var id = await SubmitAsync(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        var poison = Host.Get<ProcessArtwork>();
        await poison.FailPoisonedAsync(Message(id, 1), CancellationToken.None);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Starting));
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(1));
        await poison.FailPoisonedAsync(Message(id, 2), CancellationToken.None);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Failed));
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
    }

    [Test]
    public async Task A_poisoned_webhook_attempt_counts_as_failed_and_the_next_is_planned()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await Host.Get<DeliverWebhook>().CountPoisonedAsync(Message(id, 1), CancellationToken.None);
        var delivery = (await FindAsync(id)).Delivery;
        Assert.That((delivery.Status, delivery.Attempts), Is.EqualTo((WebhookStatus.Pending, 1)));
        Assert.That(delivery.NextAttemptAt, Is.GreaterThan(Clock.GetUtcNow()));
    }

    [Test]
    public async Task After_the_last_attempt_the_result_is_readable_and_can_be_redelivered()
    {
        Caller.OnDelivery = (number, context) =>
        {
            context.Response.StatusCode = number <= 10 ? 500 : 200;
            return Task.CompletedTask;
        };
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        for (var attempt = 1; attempt <= 10; attempt++)
        {
            await DeliverAsync(id, attempt);
            Clock.Advance(TimeSpan.FromHours(30));
        }
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Exhausted));
        Assert.That((await Host.ReadAsync(id)).Text("status"), Is.EqualTo("succeeded"));

        using (var again = await Host.Client.PostAsync($"/v2/artworks/{id}/webhook-deliveries/redeliver", null))
            Assert.That((int)again.StatusCode, Is.EqualTo(202));
        await DeliverAsync(id, 11);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
        Assert.That(Caller.Deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_webhook_is_redelivered_at_most_once_in_ten_seconds_however_often_that_is_requested()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await DeliverAsync(id, 1);
        using (var first = await RedeliverAsync()) Assert.That((int)first.StatusCode, Is.EqualTo(202));
        for (var call = 0; call < 20; call++)
        {
            using var refused = await RedeliverAsync();
            await Errors.AssertShapeAsync(refused, 429, "Too Many Requests");
            Assert.That(refused.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(10)));
            Assert.That(refused.Headers.GetValues("RateLimit-Policy").Single(), Is.EqualTo("\"redeliver\";q=1;w=10"));
            await DeliverAsync(id, 2);
        }
        Assert.That(Caller.Deliveries, Has.Count.EqualTo(2));
        Clock.Advance(TimeSpan.FromSeconds(10));
        using (var later = await RedeliverAsync()) Assert.That((int)later.StatusCode, Is.EqualTo(202));

        Task<HttpResponseMessage> RedeliverAsync() =>
            Host.Client.PostAsync($"/v2/artworks/{id}/webhook-deliveries/redeliver", null);
    }

    [Test]
    public async Task Redeliveries_count_against_the_keys_rate()
    {
        using var client = Host.ClientWith(await Host.AddKeyAsync("repeater", ratePerMinute: 1, burst: 2));
        var id = await SubmitAsync(Photo, client);
        await ProcessAsync(id, 1);
        await DeliverAsync(id, 1);
        using (var first = await client.PostAsync($"/v2/artworks/{id}/webhook-deliveries/redeliver", null))
            Assert.That((int)first.StatusCode, Is.EqualTo(202));
        using var second = await client.PostAsync($"/v2/artworks/{id}/webhook-deliveries/redeliver", null);
        await Errors.AssertShapeAsync(second, 429, "Too Many Requests");
        Assert.That(second.Headers.GetValues("RateLimit-Policy").Single(), Is.EqualTo("\"submit\";q=1;w=60"));
    }

    [Test]
    public async Task Blobs_and_records_past_their_retention_are_deleted()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await Host.Get<EraseExpired>().EraseAsync(CancellationToken.None);
        var results = new BlobContainerClient(Host.ConnectionString, StoredImages.ResultContainer);
        Assert.That(results.GetBlobs().Count(), Is.EqualTo(1));

        Clock.Advance(TimeSpan.FromHours(25));
        await Host.Get<EraseExpired>().EraseAsync(CancellationToken.None);
        Assert.That(results.GetBlobs(), Is.Empty);
        var artwork = await Host.ReadAsync(id);
        Assert.That((artwork.Text("status"), artwork.GetProperty("results").GetArrayLength()),
            Is.EqualTo(("succeeded", 0)), "no dead URL");

        Clock.Advance(TimeSpan.FromDays(7));
        await Host.Get<EraseExpired>().EraseAsync(CancellationToken.None);
        using var gone = await Host.Client.GetAsync($"/v2/artworks/{id}");
        Assert.That((int)gone.StatusCode, Is.EqualTo(404));
    }

    [Test]
    public async Task Without_storage_a_submit_gets_500_with_retry_after_and_readyz_503()
    {
        var azurite = await Azurite.StartAsync(Repo.Root, data: null, CancellationToken.None);
        await using var host = await RunningHost.StartAsync(takesWork: false, storage: azurite.ConnectionString);
        await azurite.DisposeAsync();

        using var submit = await host.SubmitAsync(new { imageUrl = Photo });
        var error = await submit.JsonAsync();
        using var ready = await host.Client.GetAsync("/readyz");
        using var alive = await host.Client.GetAsync("/healthz");
        Assert.Multiple(() =>
        {
            Assert.That((int)submit.StatusCode, Is.EqualTo(500));
            Assert.That(submit.Headers.RetryAfter!.Delta, Is.GreaterThan(TimeSpan.Zero));
            Assert.That(submit.Headers.GetValues("traceparent").Single(),
                Does.Match("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"));
            Assert.That(error.Text("message"), Does.Not.Contain("127.0.0.1"));
            Assert.That((int)ready.StatusCode, Is.EqualTo(503));
            Assert.That((int)alive.StatusCode, Is.EqualTo(200));
        });
    }
}
