namespace RemoveBg.Core.Artworks;

/// <summary>
/// The only place where an artwork changes state.
/// <code>
/// starting ──Claim──▶ processing ──Succeed──▶ succeeded
///    │                 │  ▲  └────Fail──────▶ failed
///    │                 └──┘ Claim, Renew, Release, ReturnToQueue, RetryLater, RetryUncounted, UncountAttempt
///    └──Cancel, Fail───────────────────────▶ canceled, failed
/// </code>
/// Each method throws <see cref="InvalidOperationException"/> when the artwork is terminal
/// (or, for the delivery, when it is not).
/// </summary>
public static class ArtworkTransitions
{
    /// <summary>Time after which the sweeper sends a queued message again.</summary>
    public static readonly TimeSpan QueuePatience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(10);

    public static Artwork Claim(this Artwork artwork, string owner, DateTimeOffset now, TimeSpan lease)
    {
        RequireOpen(artwork);
        return artwork with
        {
            Status = ArtworkStatus.Processing,
            Attempt = artwork.Attempt + 1,
            StartedAt = now,
            LeaseOwner = owner,
            LeaseUntil = now + lease,
            DueAt = now + lease,
        };
    }

    public static Artwork Renew(this Artwork artwork, DateTimeOffset now, TimeSpan lease)
    {
        RequireOpen(artwork);
        return artwork with { LeaseUntil = now + lease, DueAt = now + lease };
    }

    /// <summary>Releases the claim without counting the attempt: the host is shutting down.</summary>
    public static Artwork Release(this Artwork artwork, DateTimeOffset now)
    {
        RequireOpen(artwork);
        return Unclaimed(artwork) with { HandBacks = artwork.HandBacks + 1, DueAt = now };
    }

    /// <summary>Releases the claim without counting the attempt: no slot was free. A message for the next attempt
    /// follows.</summary>
    public static Artwork ReturnToQueue(this Artwork artwork, DateTimeOffset now)
    {
        RequireOpen(artwork);
        return Unclaimed(artwork) with { DueAt = now + QueuePatience };
    }

    /// <summary>Releases the claim until <paramref name="at"/>, when the next attempt may start.</summary>
    public static Artwork RetryLater(this Artwork artwork, DateTimeOffset at)
    {
        RequireOpen(artwork);
        return artwork with { LeaseOwner = null, LeaseUntil = null, DueAt = at + QueuePatience };
    }

    /// <summary>Releases the claim until <paramref name="at"/> without counting the attempt: the process was frozen
    /// during it.</summary>
    public static Artwork RetryUncounted(this Artwork artwork, DateTimeOffset at)
    {
        RequireOpen(artwork);
        return Unclaimed(artwork) with { HandBacks = artwork.HandBacks + 1, DueAt = at + QueuePatience };
    }

    /// <summary>Takes back the count of an attempt whose claim was lost in a freeze. The claim of the worker that has
    /// taken over stays as it is.</summary>
    public static Artwork UncountAttempt(this Artwork artwork)
    {
        RequireOpen(artwork);
        return artwork with { Attempt = artwork.Attempt - 1, HandBacks = artwork.HandBacks + 1 };
    }

    /// <summary>Marks that the message comes again at <paramref name="at"/>, because no slot was free for the
    /// download.</summary>
    public static Artwork Postpone(this Artwork artwork, DateTimeOffset at)
    {
        RequireOpen(artwork);
        return artwork with { DueAt = at + QueuePatience };
    }

    /// <summary>Marks that the sweeper has sent another message. The older the artwork, the later the next one, so that
    /// copies do not lengthen a long queue.</summary>
    public static Artwork Requeued(this Artwork artwork, DateTimeOffset now)
    {
        var age = now - artwork.CreatedAt;
        return artwork with {
            DueAt = now + (age < QueuePatience ? QueuePatience : age > LongestPatience ? LongestPatience : age) };
    }

    /// <summary>Marks that the artwork waits for a permit. Its turn is no matter of time, so it is not due.</summary>
    public static Artwork LetWait(this Artwork artwork)
    {
        RequireOpen(artwork);
        return artwork with { DueAt = null };
    }

    public static Artwork Succeed(this Artwork artwork, DateTimeOffset now, string contentType,
        double? confidence = null, SubjectPlace? subject = null) =>
        End(artwork, ArtworkStatus.Succeeded, now) with { ResultContentType = contentType, Confidence = confidence,
            Subject = subject };

    public static Artwork Fail(this Artwork artwork, DateTimeOffset now, ArtworkFailure failure) =>
        End(artwork, ArtworkStatus.Failed, now) with { Failure = failure };

    public static Artwork Cancel(this Artwork artwork, DateTimeOffset now) => End(artwork, ArtworkStatus.Canceled, now);

    /// <summary>Claims the next webhook attempt.</summary>
    public static Artwork BeginDelivery(this Artwork artwork, DateTimeOffset now, TimeSpan lease)
    {
        RequireDelivering(artwork);
        var first = artwork.Delivery.Attempts == artwork.Delivery.RoundStart;
        return artwork with
        {
            Delivery = artwork.Delivery with
            {
                RoundStartedAt = first ? now : artwork.Delivery.RoundStartedAt,
                LeaseUntil = now + lease,
            },
            DueAt = now + lease,
        };
    }

    /// <summary>Postpones the next webhook attempt to <paramref name="at"/>, because no slot was free. Earlier messages
    /// are out of date then.</summary>
    public static Artwork PostponeDelivery(this Artwork artwork, DateTimeOffset at)
    {
        RequireDelivering(artwork);
        return artwork with { Delivery = artwork.Delivery with { NextAttemptAt = at }, DueAt = at + QueuePatience };
    }

    /// <summary>Records the end of an attempt; <paramref name="status"/> is Pending if another follows at
    /// <paramref name="nextAt"/>.</summary>
    public static Artwork EndDelivery(this Artwork artwork, WebhookStatus status, DateTimeOffset? nextAt)
    {
        RequireDelivering(artwork);
        return artwork with
        {
            Delivery = artwork.Delivery with
            {
                Status = status,
                Attempts = artwork.Delivery.Attempts + 1,
                NextAttemptAt = nextAt,
                LeaseUntil = null,
            },
            DueAt = nextAt + QueuePatience,
        };
    }

    /// <summary>Plans the running attempt again, at <paramref name="at"/>, without counting it: the process was frozen
    /// during it.</summary>
    public static Artwork ReturnDelivery(this Artwork artwork, DateTimeOffset at)
    {
        RequireDelivering(artwork);
        return artwork with
        {
            Delivery = artwork.Delivery with { NextAttemptAt = at, LeaseUntil = null },
            DueAt = at + QueuePatience,
        };
    }

    /// <summary>Starts a new round of attempts for an artwork that has ended.</summary>
    public static Artwork Redeliver(this Artwork artwork, DateTimeOffset now)
    {
        if (!artwork.Status.IsTerminal() || artwork.Webhook is null)
            throw new InvalidOperationException($"Artwork {artwork.Id} has no webhook to deliver again.");
        return artwork with
        {
            Delivery =
                new(WebhookStatus.Pending, artwork.Delivery.Attempts, artwork.Delivery.Attempts, NextAttemptAt: now),
            DueAt = now + QueuePatience,
        };
    }

    private static Artwork Unclaimed(Artwork artwork) =>
        artwork with { Attempt = artwork.Attempt - 1, LeaseOwner = null, LeaseUntil = null };

    private static Artwork End(Artwork artwork, ArtworkStatus status, DateTimeOffset now)
    {
        RequireOpen(artwork);
        var notify = artwork.Webhook is not null;
        return artwork with
        {
            Status = status,
            EndedAt = now,
            LeaseOwner = null,
            LeaseUntil = null,
            Delivery = notify ? new(WebhookStatus.Pending, NextAttemptAt: now) : WebhookState.None,
            DueAt = notify ? now + QueuePatience : null,
        };
    }

    private static void RequireOpen(Artwork artwork)
    {
        if (artwork.Status.IsTerminal())
            throw new InvalidOperationException(
                $"Artwork {artwork.Id} has already ended as {artwork.Status.Word()}.");
    }

    private static void RequireDelivering(Artwork artwork)
    {
        if (artwork.Delivery.Status != WebhookStatus.Pending)
            throw new InvalidOperationException($"Artwork {artwork.Id} has no webhook delivery under way.");
    }
}
