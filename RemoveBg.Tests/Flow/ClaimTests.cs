using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Claims on an artwork, and the work of a worker that has lost its claim.</summary>
public sealed class ClaimTests : HandRunTests
{
    [Test]
    public async Task Two_workers_with_the_same_message_make_one_result()
    {
        var id = await SubmitAsync(Photo);
        await Task.WhenAll(ProcessAsync(id, 1), ProcessAsync(id, 1));
        var artwork = await FindAsync(id);
        Assert.That((artwork.Status, artwork.Attempt), Is.EqualTo((ArtworkStatus.Succeeded, 1)));
        Assert.That(Caller.Hits("/scene-toycar.jpg"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_message_of_an_artwork_with_another_claim_returns_when_the_lease_ends()
    {
        var id = await SubmitAsync(Photo);
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork, artwork.Claim("other", Clock.GetUtcNow(), TimeSpan.FromSeconds(30)),
            CancellationToken.None);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        using var requests = new StorageRequests(Host.ConnectionString);
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).LeaseOwner, Is.EqualTo("other"));
        Assert.That(requests.DelaysOf(ArtworkQueues.Artworks), Is.EqualTo(new[] { 30 }), "the rest of the lease");
        Assert.That((await Queue(ArtworkQueues.Artworks).GetPropertiesAsync()).Value.ApproximateMessagesCount,
            Is.EqualTo(1), "a copy, invisible for now");
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.Zero);
    }

    [Test]
    public async Task A_cancel_during_the_work_wins_and_leaves_no_result()
    {
        var (photo, id, work) = await BeginAsync();
        using (var canceled = await Host.Client.PostAsync($"/v2/artworks/{id}/cancel", null))
            Assert.That((await canceled.JsonAsync()).Text("status"), Is.EqualTo("canceled"));
        photo.Answer.SetResult();
        await work;
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Canceled));
        Assert.That(new BlobContainerClient(Host.ConnectionString, StoredImages.ResultContainer).GetBlobs(),
            Is.Empty);
        await DeliverAsync(id, 1);
        Assert.That(Caller.Deliveries.Single().Id, Does.EndWith("_canceled"));
    }

    [Test]
    public async Task A_delete_during_the_work_leaves_nothing_behind()
    {
        var (photo, id, work) = await BeginAsync();
        using (var deleted = await Host.Client.DeleteAsync($"/v2/artworks/{id}"))
            Assert.That((int)deleted.StatusCode, Is.EqualTo(204));
        photo.Answer.SetResult();
        await work;
        Assert.That(new BlobContainerClient(Host.ConnectionString, StoredImages.ResultContainer).GetBlobs(),
            Is.Empty);
        foreach (var table in new[] { "artworks", "artworksbykey" })
            Assert.That(new TableClient(Host.ConnectionString, table).Query<TableEntity>(), Is.Empty, table);
    }

    [Test]
    public async Task A_worker_renews_its_claim_as_long_as_it_works()
    {
        var (photo, id, work) = await BeginAsync();
        var first = (await FindAsync(id)).LeaseUntil;
        await Eventually.HoldsAsync(async () =>
        {
            // A third of the lease and a little; the download's own limits are longer.
            if ((await FindAsync(id)).LeaseUntil == first) Clock.Advance(TimeSpan.FromSeconds(0.5));
            return (await FindAsync(id)).LeaseUntil > first;
        }, "the claim is renewed");
        photo.Answer.SetResult();
        await work;
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task A_worker_that_has_lost_its_claim_stops_and_changes_nothing()
    {
        var (photo, id, work) = await BeginAsync();
        // As if it had slept past its lease, and another one had come.
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork, artwork.Claim("other", Clock.GetUtcNow(), TimeSpan.FromSeconds(30)),
            CancellationToken.None);
        await Eventually.HoldsAsync(() =>
        {
            if (!work.IsCompleted) Clock.Advance(TimeSpan.FromSeconds(0.5));
            return work.IsCompleted;
        }, "the worker notices and stops");
        await work;
        var now = await FindAsync(id);
        Assert.That((now.Status, now.LeaseOwner, now.Attempt), Is.EqualTo((ArtworkStatus.Processing, "other", 2)));
    }

    [Test]
    public async Task A_worker_that_died_between_result_and_record_is_repeated_with_one_result()
    {
        var id = await SubmitAsync(Photo);
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork, artwork.Claim("dead", Clock.GetUtcNow(), TimeSpan.FromSeconds(30)),
            CancellationToken.None);
        await Host.Get<StoredImages>()
            .PutResultAsync(artwork.Id, new MemoryStream([1, 2, 3]), "image/webp", CancellationToken.None);
        Clock.Advance(TimeSpan.FromSeconds(31));
        await ProcessAsync(id, 2);
        var result = new BlobContainerClient(Host.ConnectionString, StoredImages.ResultContainer).GetBlobs().Single();
        Assert.That(result.Properties.ContentLength, Is.GreaterThan(3), "written over");
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
    }

    [TestCase(1)]
    [TestCase(-1)]
    public async Task A_worker_whose_clock_is_an_hour_off_cannot_end_an_artwork_a_second_time(int hours)
    {
        var (photo, id, work) = await BeginAsync();
        var wrong = new FakeTimeProvider(Clock.GetUtcNow().AddHours(hours));
        await using var other = await RunningHost.StartAsync(services: services =>
            services.AddSingleton<TimeProvider>(wrong), takesWork: false, storage: Host.ConnectionString);
        var second = other.Get<ProcessArtwork>().ProcessAsync(Message(id, 1), CancellationToken.None);
        await Eventually.HoldsAsync(() => second.IsCompleted || Caller.Hits(new Uri(photo.Url).AbsolutePath) == 2,
            "the other worker has decided while the first works");
        photo.Answer.SetResult();
        await Task.WhenAll(work, second);
        var artwork = await FindAsync(id);
        Assert.That(artwork.Status, Is.EqualTo(ArtworkStatus.Succeeded));
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1), "announced once");
        Assert.That(new BlobContainerClient(Host.ConnectionString, StoredImages.ResultContainer).GetBlobs().Count(),
            Is.EqualTo(1));
    }

    [Test]
    public async Task A_worker_whose_clock_is_ahead_repeats_the_message_of_an_ended_artwork_but_not_its_webhook()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        var ahead = new FakeTimeProvider(Clock.GetUtcNow().AddHours(1));
        await using var other = await RunningHost.StartAsync(services: services =>
            services.AddSingleton<TimeProvider>(ahead), takesWork: false, storage: Host.ConnectionString);
        await other.Get<ProcessArtwork>().ProcessAsync(Message(id, 1), CancellationToken.None);
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(2), "to it, the first seems lost");
        await DeliverAsync(id, 1);
        await DeliverAsync(id, 1);
        Assert.That(Caller.Deliveries.Select(delivery => delivery.Id), Has.Exactly(1).Items);
    }

    [Test]
    public async Task Processing_past_its_deadline_fails()
    {
        await using var host =
            await RunningHost.StartAsync(new() { ["RemoveBg:Process:Deadline"] = "00:00:02" }, takesWork: false);
        var photo = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        using var submitted = await host.SubmitAsync(new { imageUrl = photo.Url });
        var id = (await submitted.JsonAsync()).Text("id")!;
        await host.Get<ProcessArtwork>().ProcessAsync(Message(id, 1), CancellationToken.None);
        var failed = await host.ReadAsync(id);
        Assert.That(failed.GetProperty("error").Text("message"), Is.EqualTo("Processing took longer than 2 s."));
        photo.Answer.SetResult();
    }
}
