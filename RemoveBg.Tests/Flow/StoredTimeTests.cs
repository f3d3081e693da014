using Azure.Data.Tables;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Times that a host has stored whose clock was hours ahead and which is gone.</summary>
public sealed class StoredTimeTests : HandRunTests
{
    private static readonly TimeSpan Ahead = TimeSpan.FromHours(2), Lease = TimeSpan.FromSeconds(6);

    [Test]
    public async Task A_lease_from_the_future_holds_nothing()
    {
        var id = await SubmitAsync(Photo);
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork, artwork.Claim("dead", Clock.GetUtcNow() + Ahead, Lease),
            CancellationToken.None);
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task The_sweeper_finds_work_that_is_due_in_the_future()
    {
        var id = await SubmitAsync(Photo);
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork, artwork.Claim("dead", Clock.GetUtcNow() + Ahead, Lease),
            CancellationToken.None);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await SweepAsync();
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(1));
        await SweepAsync();
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(1), "once: its time is right now");
        var message = (await Queue(ArtworkQueues.Artworks).PeekMessagesAsync(32)).Value.Single();
        Assert.That(ArtworkMessage.TryParse(message.MessageText)!.Attempt, Is.EqualTo(2));
        await Host.Get<ProcessArtwork>().ProcessAsync(message.MessageText, CancellationToken.None);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [TestCase(24)]
    [TestCase(7 * 24, Description = "the longest wait")]
    public async Task The_sweeper_leaves_a_webhook_alone_that_is_due_in_hours(int hours)
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork,
            artwork.EndDelivery(WebhookStatus.Pending, Clock.GetUtcNow().AddHours(hours)), CancellationToken.None);
        await SweepAsync();
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.Zero);
    }

    [Test]
    public async Task A_webhook_attempt_from_the_future_does_not_delay_the_next()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork, artwork.BeginDelivery(Clock.GetUtcNow() + Ahead, Lease),
            CancellationToken.None);
        await DeliverAsync(id, 1);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
    }

    [Test]
    public async Task A_webhook_whose_artwork_ended_in_the_future_is_queued_when_its_message_comes_again()
    {
        var id = await SubmitAsync(Photo);
        var artwork = await FindAsync(id);
        await Table().TryUpdateAsync(artwork, artwork.Cancel(Clock.GetUtcNow() + Ahead), CancellationToken.None);
        await ProcessAsync(id, 1);
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
    }

    [Test]
    public async Task A_permit_from_the_future_passes_on()
    {
        using var busy = Host.ClientWith(await Host.AddKeyAsync("busy", concurrentJobs: 1));
        var first = await SubmitAsync(Photo, busy);
        var permits = new TableClient(Host.ConnectionString, "artworksbykey");
        var permit = permits.Query<TableEntity>("PartitionKey eq 'busy' and RowKey ge 'turn_'").Single();
        permit["Since"] = Clock.GetUtcNow() + Ahead;
        await permits.UpdateEntityAsync(permit, permit.ETag);
        // It ended, and its worker died before it passed the permit on.
        var artwork = await FindAsync(first);
        await Table().TryUpdateAsync(artwork, artwork.Cancel(Clock.GetUtcNow()), CancellationToken.None);
        var second = await SubmitAsync(Photo, busy);
        permit = permits.Query<TableEntity>("PartitionKey eq 'busy' and RowKey ge 'turn_'").Single();
        Assert.That(permit.GetGuid("Id"), Is.EqualTo(Guid.Parse(second)));
    }

    [Test]
    public async Task A_rate_from_the_future_refuses_for_one_interval()
    {
        using var shop = Host.ClientWith(await Host.AddKeyAsync("shop", ratePerMinute: 60, burst: 3));
        await new TableClient(Host.ConnectionString, "rates").AddEntityAsync(
            new TableEntity("shop", "submit") { ["ArrivalTime"] = Clock.GetUtcNow() + Ahead });
        using (var refused = await Host.SubmitAsync(new { imageUrl = Photo }, shop))
            Assert.That(((int)refused.StatusCode, refused.Headers.RetryAfter?.Delta),
                Is.EqualTo((429, TimeSpan.FromSeconds(1))));
        Clock.Advance(TimeSpan.FromSeconds(1));
        using (var accepted = await Host.SubmitAsync(new { imageUrl = Photo }, shop))
            Assert.That((int)accepted.StatusCode, Is.EqualTo(202));
        using (var refused = await Host.SubmitAsync(new { imageUrl = Photo }, shop))
            Assert.That((int)refused.StatusCode, Is.EqualTo(429), "the burst counts as used");
    }

    [Test]
    public void A_rate_that_is_ahead_by_a_little_is_kept()
    {
        var now = Clock.GetUtcNow();
        var state = now + TimeSpan.FromSeconds(3 + 2);
        Assert.That(Gcra.Admit(state, now, ratePerMinute: 60, burst: 3).ArrivalTime, Is.EqualTo(state));
    }

    [Test]
    public async Task A_duration_is_never_negative()
    {
        var artwork = await FindAsync(await SubmitAsync(Photo));
        var now = Clock.GetUtcNow();
        Assert.That(artwork.Claim("worker", now + Ahead, Lease).Cancel(now).Duration, Is.EqualTo(TimeSpan.Zero));
        Assert.That(artwork.Claim("worker", now, Lease).Cancel(now + Lease).Duration, Is.EqualTo(Lease));
    }
}
