using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Network;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Notify;

/// <summary>Runs one message of the queue <c>webhooks</c>: makes one attempt, records it and sends the message of the
/// next attempt, which stays invisible until it is due.</summary>
/// <remarks>Nothing is kept in memory between attempts, so a restart loses nothing.</remarks>
public sealed class DeliverWebhook(
    ArtworkTable artworks, ArtworkQueues queues, ArtworkViews views, WebhookSecrets secrets, WebhookSender sender,
    UnreadableMessages unreadable, ServiceMetrics metrics,
    IOptions<WebhookOptions> options, TimeProvider clock, RunningTime time, ILogger<DeliverWebhook> log)
{
    /// <summary>Longest attempt of a receiver that is not slow.</summary>
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(2);

    private readonly OutgoingSlots _slots =
        new(options.Value.MaxAtOnce, options.Value.MaxAtOncePerReceiver, SlowAfter, time);

    public async Task DeliverAsync(string text, CancellationToken cancellationToken)
    {
        // 1. Claim the attempt. If storage fails, the message comes again.
        (Artwork, OutgoingSlots.Slot, IReadOnlyList<byte[]>?)? claimed;
        try
        {
            claimed = await TryClaimAsync(text, cancellationToken);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, cancellationToken))
        {
            metrics.Fault(Fault.StorageFailed);
            log.WebhookMessageReturned(problem.GetType().Name);
            await queues.SendAgainAsync(ArtworkQueues.Webhooks, text, cancellationToken);
            return;
        }
        if (claimed is not var (artwork, taken, signingKeys)) return;
        using var slot = taken;
        slot.Start();

        using var activity = Tracing.Start("deliver webhook", ActivityKind.Client, artwork.Id,
            artwork.TraceParent)?.SetTag("removebg.attempt", artwork.Delivery.Attempts + 1);

        // 2. Send what GET would return now, with newly signed result URLs.
        var at = clock.GetUtcNow();
        var start = Stopwatch.GetTimestamp();
        var frozen = time.Frozen;
        var body = (await views.OfAsync(artwork, cancellationToken)).ToJson();
        var outcome = signingKeys is null ? new(DeliveryOutcome.Failed)
            : await sender.SendAsync(artwork.Webhook!, artwork.WebhookId, body, signingKeys, cancellationToken);

        activity?.SetTag("removebg.outcome", outcome.Outcome).SetTag("http.response.status_code", outcome.StatusCode);
        if (outcome.Outcome != DeliveryOutcome.Delivered) activity.Fail(outcome.Outcome);

        // 3. Repeat an attempt that failed while this process was frozen: the receiver may have responded in time.
        if (outcome.StatusCode is null && time.Frozen > frozen)
        {
            await ReturnAsync(artwork);
            return;
        }

        // 4. Record the outcome and the next attempt. Not cancellable: the receiver has the webhook.
        await RecordAsync(artwork, outcome, at, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Runs a message of queue <c>webhooks-poison</c>, whose attempt could not be made: counts it as
    /// failed.</summary>
    public async Task CountPoisonedAsync(string text, CancellationToken cancellationToken)
    {
        metrics.Fault(Fault.Poisoned);
        if (await FindAsync(text, cancellationToken) is { } artwork)
            await RecordAsync(artwork with { Delivery =
                artwork.Delivery with { RoundStartedAt = artwork.Delivery.RoundStartedAt ?? clock.GetUtcNow() } },
                new(DeliveryOutcome.Failed), clock.GetUtcNow(), TimeSpan.Zero);
    }

    /// <returns>The artwork, a slot and the keys that sign (null if they cannot be read); null if there is nothing to
    /// do, or nothing to do yet.</returns>
    private async Task<(Artwork Artwork, OutgoingSlots.Slot Slot, IReadOnlyList<byte[]>? SigningKeys)?> TryClaimAsync(
        string text, CancellationToken cancellationToken)
    {
        // 1. Skip the attempt if it has been made, is being made or will not be made.
        if (await FindAsync(text, cancellationToken) is not { } artwork) return null;

        // 2. Step back if the key has no free slot, so that hanging receivers do not delay other keys' webhooks.
        var receiver = new Uri(artwork.Webhook!).GetLeftPart(UriPartial.Authority);
        var slot = _slots.TryEnter(artwork.KeyId, receiver, out var wait);
        if (slot is null)
        {
            await PostponeAsync(artwork, wait, cancellationToken);
            return null;
        }
        Artwork? claimed = null;
        try
        {
            // Before the claim: if storage fails now, the message is free to come again.
            var signingKeys = await secrets.FindAsync(artwork.KeyId, cancellationToken);

            // 3. Claim the attempt, so that a copy of the message does not send it too.
            claimed = await artworks.TryUpdateAsync(artwork,
                artwork.BeginDelivery(clock.GetUtcNow(), options.Value.Lease), cancellationToken);
            return claimed is null ? null : (claimed, slot, signingKeys);
        }
        finally
        {
            if (claimed is null) slot.Dispose();
        }
    }

    /// <returns>Null if this message's attempt has been made, is being made or will not be made.</returns>
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
        if (artwork.Delivery is not { Status: WebhookStatus.Pending } delivery
            || delivery.Attempts != message.Attempt - 1
            || (message.Due is { } due && due != delivery.NextAttemptAt)) return null;
        var now = clock.GetUtcNow();
        if (!StoredTime.IsAhead(delivery.LeaseUntil, now, options.Value.Lease)) return artwork;
        // The worker that makes this attempt may have been killed. Check again with a copy when its lease ends.
        metrics.Fault(Fault.HeldByAnother);
        log.AttemptHeldByAnother(artwork.Id, message.Attempt);
        await queues.SendToDeliverAsync(artwork, delivery.LeaseUntil!.Value - now, cancellationToken);
        return null;
    }

    /// <summary>Sends the message again for later. Of several copies, only the one that changes the record goes
    /// on.</summary>
    private async Task PostponeAsync(Artwork artwork, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (await artworks.TryUpdateAsync(artwork, artwork.PostponeDelivery(clock.GetUtcNow() + wait),
            cancellationToken) is { } postponed)
            await queues.SendToDeliverAsync(postponed, wait, cancellationToken);
    }

    private async Task ReturnAsync(Artwork artwork)
    {
        metrics.Fault(Fault.Frozen);
        log.WebhookNotCounted(artwork.Id, artwork.Delivery.Attempts + 1);
        var wait = options.Value.FirstRetryInterval;
        if (await artworks.TryUpdateAsync(artwork, artwork.ReturnDelivery(clock.GetUtcNow() + wait),
            CancellationToken.None) is { } waiting)
            await queues.SendToDeliverAsync(waiting, wait, CancellationToken.None);
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
        // Record first: if the message is lost, the sweeper finds the overdue attempt.
        if (recorded is not null && wait is { } delay)
            await queues.SendToDeliverAsync(recorded, delay, CancellationToken.None);
    }

#pragma warning disable CA5394 // Jitter needs no cryptographic randomness.
    private static double NextRandom() => Random.Shared.NextDouble();
#pragma warning restore CA5394
}
