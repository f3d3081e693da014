using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Storage that is throttled, full or partly down, behind a proxy that responds for it.</summary>
public sealed class StorageFaultTests : FaultyStorageTests
{
    [Test]
    public async Task A_message_whose_record_cannot_be_read_comes_again_instead_of_being_poisoned()
    {
        using var counted = new Counted(Host);
        var id = await SubmitAsync(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        Network.Strike(Fate.Full, times: 1, "GET /", "/artworks(");
        await ProcessAsync(id, 1);
        Assert.That(await SentAsync(ArtworkQueues.Artworks), Is.EqualTo(1));
        Assert.That(counted.Of("removebg.faults fault=StorageFailed"), Is.EqualTo(1));

        await ProcessAsync(id, 1);
        var artwork = await FindAsync(id);
        Assert.That((artwork.Status, artwork.Attempt), Is.EqualTo((ArtworkStatus.Succeeded, 1)));
    }

    [Test]
    public async Task A_webhook_message_whose_record_cannot_be_read_comes_again_and_costs_no_attempt()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        Network.Strike(Fate.Full, times: 1, "GET /", "/artworks(");
        await DeliverAsync(id, 1);
        Assert.That(await SentAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
        Assert.That(Caller.Deliveries, Is.Empty);

        await DeliverAsync(id, 1);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
        Assert.That(Caller.Deliveries, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_result_that_cannot_be_stored_costs_no_attempt_until_half_an_hour_has_passed()
    {
        var id = await SubmitAsync(Photo);
        Network.Strike(Fate.Full, times: 1000, "PUT /", "/results/");
        var waited = TimeSpan.Zero;
        for (var failures = 1; failures <= 10; failures++)
        {
            await ProcessAsync(id, 1);
            var waiting = await FindAsync(id);
            Assert.That((waiting.Status, waiting.Attempt, waiting.HandBacks),
                Is.EqualTo((ArtworkStatus.Processing, 0, failures)));
            waited += waiting.DueAt!.Value - Clock.GetUtcNow() - ArtworkTransitions.QueuePatience;
        }
        Assert.That(waited, Is.GreaterThan(TimeSpan.FromMinutes(30)));
        for (var attempt = 1; attempt <= 3; attempt++) await ProcessAsync(id, attempt);
        var failed = await FindAsync(id);
        Assert.That((failed.Status, failed.Failure?.Code),
            Is.EqualTo((ArtworkStatus.Failed, ArtworkFailure.StorageUnavailable)));
    }

    [Test]
    public async Task A_caller_does_not_wait_for_as_long_as_storage_asks_for()
    {
        var struck = Network.Strike(Fate.Throttled, times: 1000, "/rates");
        using var response = await Host.SubmitAsync(new { imageUrl = Photo });
        Assert.That(((int)response.StatusCode, response.Headers.RetryAfter?.Delta),
            Is.EqualTo((500, TimeSpan.FromSeconds(5))));
        Assert.That(struck(), Is.EqualTo(1), "not repeated");
    }

    [Test]
    public async Task A_full_account_is_not_ready_although_it_can_be_read()
    {
        Network.Decide = request => request.StartsWith("GET", StringComparison.Ordinal)
            || request.StartsWith("HEAD", StringComparison.Ordinal) ? Fate.Passed : Fate.Full;
        using var full = await Host.Client.GetAsync("/readyz");
        await Errors.AssertShapeAsync(full, 503, "Service Unavailable");
        Network.Decide = _ => Fate.Passed;
        using var emptied = await Host.Client.GetAsync("/readyz");
        Assert.That((int)emptied.StatusCode, Is.EqualTo(200));
    }

    [Test]
    public async Task A_submission_to_a_full_account_is_refused_and_leaves_no_record()
    {
        Network.Strike(Fate.Full, times: 1000, "POST /", "/$batch");
        using var refused = await Host.SubmitAsync(new { imageUrl = Photo });
        Assert.That((int)refused.StatusCode, Is.EqualTo(500));
        Network.Decide = _ => Fate.Passed;
        using var listed = await Host.Client.GetAsync("/v2/artworks");
        Assert.That((await listed.JsonAsync()).GetProperty("items").GetArrayLength(), Is.Zero);
    }

    [TestCase(null, "Send the rest again.")]
    [TestCase("monday", "Send the same request with the same Idempotency-Key again.")]
    public async Task A_batch_that_storage_interrupts_says_how_many_were_accepted_and_what_to_send_again(
        string? idempotencyKey, string advice)
    {
        var second = Caller.ServePage("/second.jpg", context => Task.CompletedTask);
        Network.Strike(Fate.Full, times: 1, "POST /", "/$batch", second);
        using (var interrupted = await SubmitBatchAsync(second, idempotencyKey))
        {
            await Errors.AssertShapeAsync(interrupted, 500, "Internal Server Error");
            Assert.That(interrupted.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(5)));
            Assert.That((await interrupted.JsonAsync()).Text("message"), Is.EqualTo(
                $"Storage failed: the first 1 of 3 artworks were accepted, the rest were not. {advice}"));
        }
        Assert.That(await CountAsync(), Is.EqualTo(1));
        Assert.That(Log.Of(102), Has.Count.EqualTo(1));
        using (var again = await SubmitBatchAsync(second, idempotencyKey))
            Assert.That((int)again.StatusCode, Is.EqualTo(202));
        Assert.That(await CountAsync(), Is.EqualTo(idempotencyKey is null ? 4 : 3));
    }

    private Task<HttpResponseMessage> SubmitBatchAsync(string second, string? idempotencyKey)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v2/artworks/batch")
        {
            Content = System.Net.Http.Json.JsonContent.Create(new { artworks =
                new[] { Photo, second, Photo }.Select(imageUrl => new { imageUrl }) }),
        };
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        return Host.Client.SendAsync(request);
    }

    private async Task<int> CountAsync()
    {
        using var listed = await Host.Client.GetAsync("/v2/artworks");
        return (await listed.JsonAsync()).GetProperty("items").GetArrayLength();
    }

    /// <summary>Messages in a queue, also those that come later.</summary>
    private async Task<int> SentAsync(string queue) =>
        (await Queue(queue).GetPropertiesAsync()).Value.ApproximateMessagesCount;
}
