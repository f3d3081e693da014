namespace RemoveBg.Core.Artworks;

public enum WebhookStatus
{
    /// <summary>The artwork has no webhook or has not ended.</summary>
    None,

    /// <summary>Attempts are under way; <see cref="WebhookState.NextAttemptAt"/> says when the next is due.</summary>
    Pending,

    /// <summary>The receiver responded with 2xx.</summary>
    Delivered,

    /// <summary>All attempts or the retry timeout are used up. Can be redelivered on request.</summary>
    Exhausted,

    /// <summary>The receiver responded with 410 Gone.</summary>
    Gone,
}

/// <summary>State of the delivery of an artwork's webhook.</summary>
/// <param name="Status">Whether attempts are due.</param>
/// <param name="Attempts">Attempts made, over all rounds.</param>
/// <param name="RoundStart">Value of <paramref name="Attempts"/> when this round began; a redelivery on request starts
/// a new round.</param>
/// <param name="RoundStartedAt">Time of the round's first attempt; the retry timeout counts from here.</param>
/// <param name="NextAttemptAt">When the next attempt is due.</param>
/// <param name="LeaseUntil">End of the lease of the running attempt, during which copies of its message are dropped;
/// null if none is running.</param>
public sealed record WebhookState(
    WebhookStatus Status,
    int Attempts = 0,
    int RoundStart = 0,
    DateTimeOffset? RoundStartedAt = null,
    DateTimeOffset? NextAttemptAt = null,
    DateTimeOffset? LeaseUntil = null)
{
    public static WebhookState None { get; } = new(WebhookStatus.None);
}

/// <summary>One recorded attempt to deliver a webhook.</summary>
/// <param name="Number">1 for the first attempt of the artwork.</param>
/// <param name="At">When it began.</param>
/// <param name="StatusCode">The receiver's HTTP status; null without a response.</param>
/// <param name="Outcome">delivered, failed, timeout, unreachable or gone.</param>
/// <param name="Duration">How long the attempt took.</param>
/// <param name="NextAttemptAt">When the next one is planned; null if this was the last.</param>
public sealed record WebhookDelivery(
    int Number, DateTimeOffset At, int? StatusCode, string Outcome, TimeSpan Duration, DateTimeOffset? NextAttemptAt);
