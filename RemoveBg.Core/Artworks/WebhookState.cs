namespace RemoveBg.Core.Artworks;

public enum WebhookStatus
{
    /// <summary>No webhook was asked for, or the artwork has not ended yet.</summary>
    None,

    /// <summary>Attempts are under way; <see cref="WebhookState.NextAttemptAt"/> says when the next is due.</summary>
    Pending,

    /// <summary>A receiver answered 2xx.</summary>
    Delivered,

    /// <summary>All attempts, or the retry timeout, are spent. Can be redelivered by hand.</summary>
    Exhausted,

    /// <summary>The receiver answered 410 Gone.</summary>
    Gone,
}

/// <summary>How far the delivery of an artwork's webhook has come.</summary>
/// <param name="Attempts">Attempts made in all, over every round.</param>
/// <param name="RoundStart">Value of <paramref name="Attempts"/> when this round began: a
/// redelivery by hand starts a new one.</param>
/// <param name="RoundStartedAt">Time of the round's first attempt; the retry timeout counts from here.</param>
/// <param name="NextAttemptAt">When the next attempt is due.</param>
/// <param name="LeaseUntil">While a sender holds the attempt, until when: copies of its message step back.</param>
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
/// <param name="StatusCode">The receiver's HTTP status; null when no answer came.</param>
/// <param name="Outcome">delivered, failed, timeout, unreachable or gone.</param>
/// <param name="Duration">How long the attempt took.</param>
/// <param name="NextAttemptAt">When the next one is planned; null if this was the last.</param>
public sealed record WebhookDelivery(
    int Number, DateTimeOffset At, int? StatusCode, string Outcome, TimeSpan Duration, DateTimeOffset? NextAttemptAt);
