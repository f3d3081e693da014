using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Notify;

/// <summary>
/// Runs one message of the queue <c>webhooks</c>: one attempt, its record, and the message of the next attempt, which
/// stays invisible until that is due. Nothing is kept in memory between attempts, so a restart loses nothing.
/// </summary>
public sealed class DeliverWebhook(
    ArtworkTable artworks, ArtworkQueues queues, ArtworkViews views, WebhookSender sender,
        UnreadableMessages unreadable,
    ServiceMetrics metrics,
    IOptions<WebhookOptions> options, TimeProvider clock, ILogger<DeliverWebhook> log)
{
    private static readonly TimeSpan LeaseBeyondTimeout = TimeSpan.FromSeconds(15);

    private readonly ReceiverPlaces _receivers = new(options.Value.MaxAtOncePerReceiver);

    public async Task DeliverAsync(string text, CancellationToken cancellationToken)
    {
        // 1. Is this attempt still to be made?
        if (await FindAsync(text, cancellationToken) is not { } artwork) return;

        // 2. Not too many at once for one receiver: when it hangs, others' webhooks go on. Later then.
        using var place = _receivers.TryEnter(artwork.Webhook!);
        if (place is null)
        {
            await queues.SendToDeliverAsync(artwork, artwork.Delivery.Attempts + 1, options.Value.Timeout / 2,
                cancellationToken);
            return;
        }

        // 3. Take it, so that a copy of the message does not send it too.
        artwork = await artworks.TryUpdateAsync(artwork,
            artwork.BeginDelivery(clock.GetUtcNow(), options.Value.Timeout + LeaseBeyondTimeout), cancellationToken);
        if (artwork is null) return;

        using var activity = Tracing.Start("deliver webhook", ActivityKind.Client, artwork.Id,
            artwork.TraceParent)?.SetTag("removebg.attempt", artwork.Delivery.Attempts + 1);

        // 4. Send what GET would answer now; result URLs are signed anew.
        var at = clock.GetUtcNow();
        var start = Stopwatch.GetTimestamp();
        var body = (await views.OfAsync(artwork, cancellationToken)).ToJson();
        var outcome = await sender.SendAsync(artwork.Webhook!, artwork.WebhookId, body, cancellationToken);

        activity?.SetTag("removebg.outcome", outcome.Outcome).SetTag("http.response.status_code", outcome.StatusCode);
        if (outcome.Outcome != DeliveryOutcome.Delivered) activity.Fail(outcome.Outcome);

        // 5. Write down what happened and what comes next. Not cancelled: the receiver has it.
        await RecordAsync(artwork, outcome, at, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>A message of queue <c>webhooks-poison</c>: making the attempt failed again and again.
    /// It counts as one that failed.</summary>
    public async Task CountPoisonedAsync(string text, CancellationToken cancellationToken)
    {
        metrics.Fault(Fault.Poisoned);
        if (await FindAsync(text, cancellationToken) is { } artwork)
            await RecordAsync(artwork with { Delivery =
                artwork.Delivery with { RoundStartedAt = artwork.Delivery.RoundStartedAt ?? clock.GetUtcNow() } },
                new(DeliveryOutcome.Failed), clock.GetUtcNow(), TimeSpan.Zero);
    }

    /// <returns>The artwork, or null when this message's attempt has been made, is being
    /// made, or will not be made.</returns>
    private async Task<Artwork?> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (await unreadable.ParseOrKeepAsync(ArtworkQueues.Webhooks, text, cancellationToken) is not { } message)
            return null;
        if (await artworks.FindAsync(message.Id, cancellationToken) is not { } artwork)
        {
            metrics.Fault(Fault.RecordMissing);
            log.RecordMissing(message.Id);
            return null;
        }
        return artwork.Delivery is { Status: WebhookStatus.Pending } delivery
            && delivery.Attempts == message.Attempt - 1
            && !(delivery.LeaseUntil > clock.GetUtcNow())
                ? artwork : null;
    }

    private async Task RecordAsync(Artwork artwork, DeliveryOutcome outcome, DateTimeOffset at, TimeSpan duration)
    {
        var number = artwork.Delivery.Attempts + 1;
        var now = clock.GetUtcNow();
        var wait = outcome.Outcome is DeliveryOutcome.Delivered or DeliveryOutcome.Gone ? null : WebhookSchedule.Next(
            options.Value, number - artwork.Delivery.RoundStart, artwork.Delivery.RoundStartedAt ?? at, now,
                outcome.RetryAfter, NextRandom());
        var next = now + wait;
        var status = outcome.Outcome switch
        {
            DeliveryOutcome.Delivered => WebhookStatus.Delivered,
            DeliveryOutcome.Gone => WebhookStatus.Gone,
            _ => wait is null ? WebhookStatus.Exhausted : WebhookStatus.Pending,
        };
        var word = outcome.Outcome;
        metrics.WebhookAttempt(word, duration);
        if (status is WebhookStatus.Exhausted or WebhookStatus.Gone) metrics.Fault(Fault.WebhookGivenUp);
        var (answered, seconds) = (outcome.StatusCode, wait?.WireSeconds());
        log.WebhookAttempted(status == WebhookStatus.Exhausted ? LogLevel.Error : LogLevel.Information,
            artwork.Id, number, word, answered, status, seconds);

        var recorded = await artworks.TryUpdateAsync(artwork, artwork.EndDelivery(status, next), CancellationToken.None,
            new(number, at, answered, word, duration, next));
        // Written before it is sent: were the message lost, the sweeper would find the attempt overdue.
        if (recorded is not null && wait is { } delay)
            await queues.SendToDeliverAsync(artwork, number + 1, delay, CancellationToken.None);
    }

#pragma warning disable CA5394 // Spreads retries; secrecy does not matter.
    private static double NextRandom() => Random.Shared.NextDouble();
#pragma warning restore CA5394
}
