using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Messages that find no slot, or their attempt at another worker's: they come again later, once, and cost no
/// attempt.</summary>
public sealed class PostponeTests : HangingDownloadsTests
{
    [Test]
    public async Task A_webhook_without_a_slot_comes_again_and_no_attempt_is_counted()
    {
        await HangWebhooksAsync();
        var id = await EndAsync();
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        await DeliverAsync(id, 1);
        var waiting = (await FindAsync(id)).Delivery;
        Assert.That((waiting.Status, waiting.Attempts, waiting.LeaseUntil),
            Is.EqualTo((WebhookStatus.Pending, 0, (DateTimeOffset?)null)));
        Assert.That(await CountAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));

        LetGo.SetResult();
        await Task.WhenAll(Hanging);
        await DeliverAsync(id, 1);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
    }

    [Test]
    public async Task Copies_of_a_postponed_webhooks_message_are_dropped_and_do_not_multiply()
    {
        var id = await EndAsync();
        var first = await TakeAsync(ArtworkQueues.Webhooks, sent: await FindAsync(id));
        Clock.Advance(ArtworkTransitions.QueuePatience - TimeSpan.FromSeconds(1));
        await HangWebhooksAsync();
        for (var copy = 0; copy < 5; copy++)
            await Host.Get<DeliverWebhook>().DeliverAsync(first, CancellationToken.None);
        Assert.That(await CountAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
        Clock.Advance(TimeSpan.FromSeconds(2));
        await SweepAsync();
        Assert.That(await CountAsync(ArtworkQueues.Webhooks), Is.EqualTo(1),
            "the sweeper knows that it has been postponed");
    }

    [Test]
    public async Task A_webhook_whose_worker_was_killed_is_checked_again_when_its_lease_ends()
    {
        var id = await EndAsync();
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        var artwork = await FindAsync(id);
        // A worker that claims the attempt and dies.
        await Table().TryUpdateAsync(artwork, artwork.BeginDelivery(Clock.GetUtcNow(), TimeSpan.FromSeconds(30)),
            CancellationToken.None);
        Clock.Advance(TimeSpan.FromSeconds(20));
        await DeliverAsync(id, 1);
        Assert.That(await CountAsync(ArtworkQueues.Webhooks), Is.EqualTo(1), "one copy");
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.Zero, "invisible until then");
        Clock.Advance(TimeSpan.FromSeconds(10));
        await DeliverAsync(id, 1);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
    }

    [Test]
    public async Task An_artwork_without_a_slot_for_its_download_comes_again_and_no_attempt_is_counted()
    {
        await HangDownloadsAsync();
        var id = await SubmitAsync(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await ProcessAsync(id, 1);
        var waiting = await FindAsync(id);
        Assert.That((waiting.Status, waiting.Attempt, waiting.LeaseUntil),
            Is.EqualTo((ArtworkStatus.Starting, 0, (DateTimeOffset?)null)));
        Assert.That(await CountAsync(ArtworkQueues.Artworks), Is.EqualTo(1));

        LetGo.SetResult();
        await Task.WhenAll(Hanging);
        await ProcessAsync(id, 1);
        var done = await FindAsync(id);
        Assert.That((done.Status, done.Attempt), Is.EqualTo((ArtworkStatus.Succeeded, 1)));
    }

    [Test]
    public async Task The_sweeper_does_not_take_a_postponed_artwork_for_overdue()
    {
        var id = await SubmitAsync(Photo);
        Clock.Advance(ArtworkTransitions.QueuePatience - TimeSpan.FromSeconds(1));
        await HangDownloadsAsync();
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await ProcessAsync(id, 1);
        Clock.Advance(TimeSpan.FromSeconds(2));
        await SweepAsync();
        Assert.That(await CountAsync(ArtworkQueues.Artworks), Is.EqualTo(1));
    }

    [Test]
    public async Task An_artwork_that_brought_its_photo_needs_no_slot()
    {
        await HangDownloadsAsync();
        var id = await SubmitAsync("data:image/jpeg;base64,"
            + Convert.ToBase64String(await File.ReadAllBytesAsync(SmallPhotos.Of("scene-toycar.jpg"))));
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    /// <summary>Takes all slots that the key gets at its receiver.</summary>
    private async Task HangWebhooksAsync()
    {
        Caller.OnDelivery = (_, _) => LetGo.Task;
        var most = new WebhookOptions().MaxAtOncePerReceiver;
        for (var i = 0; i < most; i++) Hanging.Add(DeliverAsync(await EndAsync(), 1));
        await Eventually.HoldsAsync(() => Caller.Deliveries.Count == most, "they hang");
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
    }

    /// <summary>Ends an artwork without work, so that its webhook is due.</summary>
    private async Task<string> EndAsync()
    {
        var id = await SubmitAsync(Photo);
        using var canceled = await Host.Client.PostAsync($"/v2/artworks/{id}/cancel", null);
        return id;
    }

    /// <summary>Takes the artwork's message, which must be the only one.</summary>
    private async Task<string> TakeAsync(string queue, Artwork sent)
    {
        var message = (await Queue(queue).ReceiveMessageAsync()).Value;
        Assert.That(ArtworkMessage.TryParse(message.MessageText)!.Due, Is.EqualTo(sent.Delivery.NextAttemptAt));
        await Queue(queue).DeleteMessageAsync(message.MessageId, message.PopReceipt);
        return message.MessageText;
    }

    private async Task<int> CountAsync(string queue) =>
        (await Queue(queue).GetPropertiesAsync()).Value.ApproximateMessagesCount;
}
