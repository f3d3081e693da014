using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Network;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Single webhook attempts that come to nothing: what is recorded, reported and planned.</summary>
public sealed class WebhookAttemptTests : HangingDownloadsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private Counted _counted = null!;

    protected override void AddTo(IServiceCollection services)
    {
        base.AddTo(services);
        services.AddSingleton<IAddressLookup, PrivateAddresses>();
    }

    [SetUp]
    public void Count() => _counted = new(Host);

    [TearDown]
    public void CountNoMore() => _counted.Dispose();

    [Test]
    public async Task A_receiver_that_does_not_answer_in_time_fails_the_attempt()
    {
        using var spans = new Spans();
        var userAgent = "";
        Caller.OnDelivery = (_, context) =>
        {
            userAgent = context.Request.Headers.UserAgent.ToString();
            return LetGo.Task;
        };
        var id = await EndAsync();
        var sending = DeliverAsync(id, 1);
        await Eventually.HoldsAsync(() => userAgent != "", "the receiver has the webhook");
        Clock.RunFor(new WebhookOptions().Timeout + TimeSpan.FromSeconds(1));
        await sending.WaitAsync(Patience);
        var delivery = (await FindAsync(id)).Delivery;
        var attempt = (await Table().DeliveriesAsync(Guid.Parse(id), CancellationToken.None)).Single();
        var span = spans.Of(id);
        Assert.Multiple(() =>
        {
            Assert.That((delivery.Status, delivery.Attempts), Is.EqualTo((WebhookStatus.Pending, 1)));
            Assert.That((attempt.Outcome, attempt.StatusCode), Is.EqualTo((DeliveryOutcome.Timeout, (int?)null)));
            Assert.That(_counted.Of("removebg.webhook.attempts outcome=timeout"), Is.EqualTo(1));
            Assert.That(Log.Of(504), Has.Count.EqualTo(1).And.All.Contains("attempt 1 timeout"));
            Assert.That(userAgent, Is.EqualTo("RemoveBg-Webhook/1.0"));
            Assert.That(Caller.Deliveries.Single().ContentType, Is.EqualTo("application/json"));
            Assert.That((span.Status, span.StatusDescription), Is.EqualTo((ActivityStatusCode.Error, "timeout")));
            Assert.That((span.GetTagItem("removebg.attempt"), span.GetTagItem("removebg.outcome")),
                Is.EqualTo((1, "timeout")));
        });
    }

    [Test]
    public async Task An_attempt_that_the_host_cancels_is_not_counted()
    {
        Caller.OnDelivery = (_, _) => LetGo.Task;
        var id = await EndAsync();
        using var stop = new CancellationTokenSource();
        var sending = Host.Get<DeliverWebhook>().DeliverAsync(Message(id, 1), stop.Token);
        await Eventually.HoldsAsync(() => Caller.Deliveries.Count == 1, "the receiver has the webhook");
        await stop.CancelAsync();
        Assert.That(async () => await sending, Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await FindAsync(id)).Delivery.Attempts, Is.Zero);
    }

    [Test]
    public async Task A_delivered_webhook_is_no_failure_in_the_trace()
    {
        using var spans = new Spans();
        var id = await EndAsync();
        await DeliverAsync(id, 1);
        var span = spans.Of(id);
        Assert.That((span.Status, span.GetTagItem("http.response.status_code")),
            Is.EqualTo((ActivityStatusCode.Unset, 200)));
        Assert.That(_counted.Of("removebg.faults"), Is.Zero);
    }

    [Test]
    public async Task A_receiver_that_is_gone_gets_no_further_attempt()
    {
        Respond(StatusCodes.Status410Gone);
        var id = await EndAsync();
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        await DeliverAsync(id, 1);
        var delivery = (await FindAsync(id)).Delivery;
        Assert.That((delivery.Status, delivery.NextAttemptAt), Is.EqualTo((WebhookStatus.Gone, (DateTimeOffset?)null)));
        Assert.That(await CountAsync(), Is.Zero);
        Assert.That(_counted.Of("removebg.faults fault=WebhookGivenUp"), Is.EqualTo(1));
    }

    [Test]
    public async Task Attempts_end_when_the_time_for_all_of_them_is_over()
    {
        Host.Get<IOptions<WebhookOptions>>().Value.RetryTimeout = TimeSpan.FromSeconds(20);
        Respond(StatusCodes.Status500InternalServerError);
        var id = await EndAsync();
        await DeliverAsync(id, 1);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Pending));
        Assert.That(_counted.Of("removebg.faults"), Is.Zero);
        Clock.RunFor(TimeSpan.FromSeconds(20));
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        await DeliverAsync(id, 2);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Exhausted));
        Assert.That(await CountAsync(), Is.Zero);
        Assert.That(Log.LevelsOf(504), Is.EqualTo(new[] { LogLevel.Information, LogLevel.Error }), "the last one");
        Assert.That(_counted.Of("removebg.faults fault=WebhookGivenUp"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_redelivery_begins_with_the_first_interval()
    {
        var id = await EndAsync();
        await DeliverAsync(id, 1);
        using (await Host.Client.PostAsync($"/v2/artworks/{id}/webhook-deliveries/redeliver", null)) { }
        Respond(StatusCodes.Status500InternalServerError);
        using var requests = new StorageRequests(Network.ConnectionString);
        await DeliverAsync(id, 2);
        Assert.That(requests.DelaysOf(ArtworkQueues.Webhooks).Single(), Is.InRange(5, 6));
        Assert.That((await FindAsync(id)).Delivery.NextAttemptAt - Clock.GetUtcNow(),
            Is.InRange(TimeSpan.FromSeconds(4.5), TimeSpan.FromSeconds(5.5)));
    }

    [Test]
    public async Task A_message_whose_attempt_storage_cannot_claim_comes_again_and_holds_no_slot()
    {
        var id = await EndAsync();
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        // One more than the key has slots at the receiver.
        var times = new WebhookOptions().MaxAtOncePerReceiver + 1;
        for (var i = 0; i < times; i++)
        {
            Network.Strike(Fate.Full, 1, "POST /", "/$batch");
            await DeliverAsync(id, 1);
        }
        Assert.Multiple(() =>
        {
            Assert.That(CountAsync().Result, Is.EqualTo(times), "messages, for later");
            Assert.That(Caller.Deliveries, Is.Empty);
            Assert.That(_counted.Of("removebg.faults fault=StorageFailed"), Is.EqualTo(times));
            Assert.That(Log.Of(508), Has.Count.EqualTo(times));
        });
        await DeliverAsync(id, 1);
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Delivered));
    }

    [Test]
    public async Task An_attempt_that_another_worker_claims_meanwhile_is_left_to_it()
    {
        var id = await EndAsync();
        var artwork = await FindAsync(id);
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        Before(() => Table().TryUpdateAsync(artwork, artwork.BeginDelivery(Clock.GetUtcNow(), TimeSpan.FromSeconds(30)),
            CancellationToken.None).GetAwaiter().GetResult(), "POST /", "/$batch", $"artwork_{artwork.Id:N}");
        await DeliverAsync(id, 1);
        Assert.That((Caller.Deliveries.Count, await CountAsync()), Is.EqualTo((0, 0)));
        await DeliverAsync(id, 1);
        Assert.That((Caller.Deliveries.Count, await CountAsync()), Is.EqualTo((0, 1)), "checked when its lease ends");
        Assert.That(_counted.Of("removebg.faults fault=HeldByAnother"), Is.EqualTo(1));
        Assert.That(Log.Of(507), Has.Count.EqualTo(1).And.All.Contains("attempt 1 "));
    }

    [Test]
    public async Task A_message_of_an_unknown_artwork_is_logged_and_counted()
    {
        var id = Guid.NewGuid().ToString();
        await DeliverAsync(id, 1);
        Assert.That(_counted.Of("removebg.faults fault=RecordMissing"), Is.EqualTo(1));
        Assert.That(Log.Of(503), Has.Count.EqualTo(1).And.All.Contains(id));
    }

    [Test]
    public async Task Nothing_is_sent_for_a_key_whose_secret_cannot_be_opened_and_the_attempt_counts()
    {
        using var shop = Host.ClientWith(await Host.AddKeyAsync("shop"));
        await Host.Get<WebhookSecretTable>().PutAsync(new("shop", "no box", null, null), CancellationToken.None);
        var id = await EndAsync(shop);
        await DeliverAsync(id, 1);
        Assert.That(Caller.Deliveries, Is.Empty);
        var delivery = (await FindAsync(id)).Delivery;
        Assert.That((delivery.Status, delivery.Attempts), Is.EqualTo((WebhookStatus.Pending, 1)));
        Assert.That(_counted.Of("removebg.webhook.attempts outcome=failed"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_poisoned_attempt_counts_from_the_first_of_its_round()
    {
        var id = await EndAsync();
        var first = Clock.GetUtcNow();
        var webhooks = Host.Get<DeliverWebhook>();
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            await webhooks.CountPoisonedAsync(Message(id, attempt), CancellationToken.None);
            var delivery = (await FindAsync(id)).Delivery;
            Assert.That((delivery.Status, delivery.Attempts, delivery.RoundStartedAt),
                Is.EqualTo((WebhookStatus.Pending, attempt, (DateTimeOffset?)first)));
            Assert.That(_counted.Of("removebg.faults fault=Poisoned"), Is.EqualTo(attempt));
            Clock.RunFor(TimeSpan.FromSeconds(10));
        }
    }

    [Test]
    public async Task While_receivers_of_two_keys_hang_none_of_them_gets_a_second_attempt()
    {
        using var shop = Host.ClientWith(await Host.AddKeyAsync("shop"));
        Caller.OnDelivery = (number, _) => number <= 2 ? LetGo.Task : Task.CompletedTask;
        foreach (var client in new[] { Host.Client, shop }) Hanging.Add(DeliverAsync(await EndAsync(client), 1));
        await Eventually.HoldsAsync(() => Caller.Deliveries.Count == 2, "they hang");
        Clock.RunFor(TimeSpan.FromSeconds(3));
        var id = await EndAsync();
        await DeliverAsync(id, 1);
        var waiting = (await FindAsync(id)).Delivery;
        Assert.That((waiting.Status, waiting.Attempts, Caller.Deliveries.Count),
            Is.EqualTo((WebhookStatus.Pending, 0, 2)));
        Assert.That(waiting.NextAttemptAt, Is.GreaterThan(Clock.GetUtcNow()));
    }

    [TestCase("http://127.0.0.1:1/hook", "ConnectionError", 0)]
    [TestCase("https://private.example.org/hook", "private.example.org leads to 10.0.0.1", 1)]
    public async Task A_webhook_that_cannot_be_sent_is_logged_with_the_reason(string url, string reason, int blocked)
    {
        var id = await EndAsync(webhook: url);
        await DeliverAsync(id, 1);
        var attempt = (await Table().DeliveriesAsync(Guid.Parse(id), CancellationToken.None)).Single();
        Assert.That((attempt.Outcome, attempt.StatusCode), Is.EqualTo((DeliveryOutcome.Unreachable, (int?)null)));
        Assert.That(Log.Of(505), Has.Count.EqualTo(1).And.All.Contains(reason));
        Assert.That(_counted.Of("removebg.faults fault=AddressBlocked"), Is.EqualTo(blocked));
    }

    [Test]
    public async Task A_freeze_is_counted_and_the_attempt_comes_again_after_the_first_interval()
    {
        Caller.OnDelivery = (_, context) =>
        {
            Clock.Advance(TimeSpan.FromMinutes(3));
            context.Abort();
            return Task.CompletedTask;
        };
        var id = await EndAsync();
        using var requests = new StorageRequests(Network.ConnectionString);
        await DeliverAsync(id, 1);
        var delivery = (await FindAsync(id)).Delivery;
        Assert.That((delivery.Status, delivery.Attempts), Is.EqualTo((WebhookStatus.Pending, 0)));
        Assert.That(delivery.NextAttemptAt - Clock.GetUtcNow(), Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(requests.DelaysOf(ArtworkQueues.Webhooks), Is.EqualTo(new[] { 5 }));
        Assert.That(_counted.Of("removebg.faults fault=Frozen"), Is.EqualTo(1));
        Assert.That(_counted.Of("removebg.webhook.attempts"), Is.Zero, "it says nothing about the receiver");
        Assert.That(Log.Of(506), Has.Count.EqualTo(1).And.All.Contains("attempt 1;"));
    }

    private void Respond(int status) => Caller.OnDelivery = (_, context) =>
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    /// <summary>Ends an artwork without work, so that its webhook is due.</summary>
    private async Task<string> EndAsync(HttpClient? client = null, string? webhook = null)
    {
        client ??= Host.Client;
        using var response = await Host.SubmitAsync(new { imageUrl = Photo, webhook = webhook ?? Caller.WebhookUrl },
            client);
        var id = (await response.JsonAsync()).Text("id")!;
        using var canceled = await client.PostAsync($"/v2/artworks/{id}/cancel", null);
        Assert.That((int)canceled.StatusCode, Is.EqualTo(200));
        return id;
    }

    private async Task<int> CountAsync() =>
        (await Queue(ArtworkQueues.Webhooks).GetPropertiesAsync()).Value.ApproximateMessagesCount;

    /// <summary>Every name leads to a private address.</summary>
    private sealed class PrivateAddresses : IAddressLookup
    {
        public Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken) =>
            Task.FromResult(new[] { IPAddress.Parse("10.0.0.1") });
    }

    /// <summary>The spans of webhook attempts that have ended, those of other tests too.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _ended = [];
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new()
            {
                ShouldListenTo = source => source.Name == Tracing.SourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = _ended.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        /// <summary>The only one of an artwork.</summary>
        public Activity Of(string id) => _ended.Single(span => span.OperationName == "deliver webhook"
            && Equals(span.GetTagItem("removebg.artwork.id"), Guid.Parse(id)));

        public void Dispose() => _listener.Dispose();
    }
}
