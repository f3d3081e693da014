using RemoveBg.Core.Artworks;

namespace RemoveBg.Tests.Artworks;

/// <summary>Each transition changes these fields and no others.</summary>
public sealed class ArtworkTransitionsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30), Patience = TimeSpan.FromMinutes(2);

    private static readonly Artwork Starting = new()
    {
        Id = Guid.Parse("018f3c6a-0000-7000-8000-000000000001"), KeyId = "key", ImageUrl = "https://example.com/a.jpg",
        Webhook = "https://example.com/hook", OutputFormat = OutputFormat.Auto, CreatedAt = Now.AddMinutes(-1),
        Status = ArtworkStatus.Starting, DueAt = Now.AddMinutes(1),
    };

    private static readonly Artwork Processing = Starting with
    {
        Status = ArtworkStatus.Processing, Attempt = 2, HandBacks = 1, StartedAt = Now.AddSeconds(-5),
        LeaseOwner = "worker", LeaseUntil = Now.AddSeconds(25), DueAt = Now.AddSeconds(25),
    };

    private static readonly Artwork Ended = Processing with
    {
        Status = ArtworkStatus.Succeeded, EndedAt = Now, LeaseOwner = null, LeaseUntil = null,
        Delivery = new(WebhookStatus.Pending, Attempts: 3, RoundStart: 3, NextAttemptAt: Now),
        DueAt = Now + Patience,
    };

    [Test]
    public void A_claim_counts_the_attempt_and_leases_the_artwork() =>
        Assert.That(Processing.Claim("other", Now, Lease), Is.EqualTo(Processing with
        {
            Attempt = 3, StartedAt = Now, LeaseOwner = "other", LeaseUntil = Now + Lease, DueAt = Now + Lease,
        }));

    [Test]
    public void The_first_claim_starts_processing() =>
        Assert.That(Starting.Claim("worker", Now, Lease).Status, Is.EqualTo(ArtworkStatus.Processing));

    [Test]
    public void A_renewal_moves_the_end_of_the_lease() => Assert.That(Processing.Renew(Now, Lease),
        Is.EqualTo(Processing with { LeaseUntil = Now + Lease, DueAt = Now + Lease }));

    [Test]
    public void A_release_gives_the_attempt_back_and_is_due_at_once() => Assert.That(Processing.Release(Now),
        Is.EqualTo(Processing with { Attempt = 1, HandBacks = 2, LeaseOwner = null, LeaseUntil = null, DueAt = Now }));

    [Test]
    public void A_return_to_the_queue_gives_the_attempt_back_and_counts_no_hand_back() =>
        Assert.That(Processing.ReturnToQueue(Now), Is.EqualTo(Processing with
        {
            Attempt = 1, LeaseOwner = null, LeaseUntil = null, DueAt = Now + Patience,
        }));

    [Test]
    public void A_retry_keeps_the_attempt() => Assert.That(Processing.RetryLater(Now.AddSeconds(4)),
        Is.EqualTo(Processing with { LeaseOwner = null, LeaseUntil = null, DueAt = Now.AddSeconds(4) + Patience }));

    [Test]
    public void An_uncounted_retry_gives_the_attempt_back_and_counts_a_hand_back() =>
        Assert.That(Processing.RetryUncounted(Now.AddSeconds(4)), Is.EqualTo(Processing with
        {
            Attempt = 1, HandBacks = 2, LeaseOwner = null, LeaseUntil = null, DueAt = Now.AddSeconds(4) + Patience,
        }));

    [Test]
    public void An_attempt_that_is_uncounted_leaves_the_claim_as_it_is() => Assert.That(Processing.UncountAttempt(),
        Is.EqualTo(Processing with { Attempt = 1, HandBacks = 2 }));

    [Test]
    public void A_postponed_message_moves_only_the_time_at_which_the_sweeper_takes_over() =>
        Assert.That(Starting.Postpone(Now.AddSeconds(7)),
            Is.EqualTo(Starting with { DueAt = Now.AddSeconds(7) + Patience }));

    [Test]
    public void An_artwork_that_waits_for_a_permit_is_not_due() =>
        Assert.That(Starting.LetWait(), Is.EqualTo(Starting with { DueAt = null }));

    [TestCase(0, 120)]
    [TestCase(119, 120)]
    [TestCase(120, 120)]
    [TestCase(121, 121, Description = "the older, the later")]
    [TestCase(599, 599)]
    [TestCase(600, 600)]
    [TestCase(601, 600, Description = "but at most ten minutes")]
    [TestCase(86_400, 600)]
    public void A_message_that_is_sent_again_is_due_after_the_age_of_the_artwork(int age, int seconds) =>
        Assert.That((Starting with { CreatedAt = Now.AddSeconds(-age) }).Requeued(Now).DueAt,
            Is.EqualTo(Now.AddSeconds(seconds)));

    [Test]
    public void A_success_records_what_the_caller_sees_and_plans_the_webhook()
    {
        var place = new SubjectPlace(100, 80, 10, 20, 30, 40);
        Assert.That(Processing.Succeed(Now, "image/webp", 0.9, place), Is.EqualTo(Processing with
        {
            Status = ArtworkStatus.Succeeded, EndedAt = Now, LeaseOwner = null, LeaseUntil = null,
            ResultContentType = "image/webp", Confidence = 0.9, Subject = place,
            Delivery = new(WebhookStatus.Pending, NextAttemptAt: Now), DueAt = Now + Patience,
        }));
    }

    [Test]
    public void A_failure_records_its_reason()
    {
        var failure = new ArtworkFailure(ArtworkFailure.InternalError, "It failed.");
        var failed = Starting.Fail(Now, failure);
        Assert.That((failed.Status, failed.Failure, failed.EndedAt),
            Is.EqualTo((ArtworkStatus.Failed, failure, (DateTimeOffset?)Now)));
    }

    [Test]
    public void An_end_without_a_webhook_leaves_nothing_to_do()
    {
        var canceled = (Starting with { Webhook = null }).Cancel(Now);
        Assert.That((canceled.Status, canceled.Delivery, canceled.DueAt),
            Is.EqualTo((ArtworkStatus.Canceled, WebhookState.None, (DateTimeOffset?)null)));
    }

    [Test]
    public void The_first_attempt_of_a_round_starts_its_clock()
    {
        Assert.That(Ended.BeginDelivery(Now, Lease), Is.EqualTo(Ended with
        {
            Delivery = Ended.Delivery with { RoundStartedAt = Now, LeaseUntil = Now + Lease }, DueAt = Now + Lease,
        }));
        var second = Ended with { Delivery = Ended.Delivery with { Attempts = 4, RoundStartedAt = Now.AddHours(-1) } };
        Assert.That(second.BeginDelivery(Now, Lease).Delivery.RoundStartedAt, Is.EqualTo(Now.AddHours(-1)));
    }

    [Test]
    public void A_postponed_delivery_makes_earlier_messages_out_of_date() =>
        Assert.That(Ended.PostponeDelivery(Now.AddSeconds(9)), Is.EqualTo(Ended with
        {
            Delivery = Ended.Delivery with { NextAttemptAt = Now.AddSeconds(9) },
            DueAt = Now.AddSeconds(9) + Patience,
        }));

    [Test]
    public void The_end_of_an_attempt_counts_it_and_plans_the_next()
    {
        var running = Ended.BeginDelivery(Now, Lease);
        Assert.That(running.EndDelivery(WebhookStatus.Pending, Now.AddSeconds(5)), Is.EqualTo(running with
        {
            Delivery = running.Delivery with { Attempts = 4, NextAttemptAt = Now.AddSeconds(5), LeaseUntil = null },
            DueAt = Now.AddSeconds(5) + Patience,
        }));
        var delivered = running.EndDelivery(WebhookStatus.Delivered, null);
        Assert.That((delivered.Delivery.Status, delivered.Delivery.Attempts, delivered.DueAt),
            Is.EqualTo((WebhookStatus.Delivered, 4, (DateTimeOffset?)null)));
    }

    [Test]
    public void A_returned_delivery_is_planned_again_and_not_counted()
    {
        var running = Ended.BeginDelivery(Now, Lease);
        Assert.That(running.ReturnDelivery(Now.AddSeconds(5)), Is.EqualTo(running with
        {
            Delivery = running.Delivery with { NextAttemptAt = Now.AddSeconds(5), LeaseUntil = null },
            DueAt = Now.AddSeconds(5) + Patience,
        }));
    }

    [Test]
    public void A_redelivery_starts_a_round_after_the_attempts_made()
    {
        var exhausted = Ended with
        {
            Delivery = new(WebhookStatus.Exhausted, Attempts: 10, RoundStartedAt: Now.AddHours(-1)), DueAt = null,
        };
        Assert.That(exhausted.Redeliver(Now), Is.EqualTo(exhausted with
        {
            Delivery = new(WebhookStatus.Pending, Attempts: 10, RoundStart: 10, NextAttemptAt: Now),
            DueAt = Now + Patience,
        }));
        Assert.That(() => (exhausted with { Webhook = null }).Redeliver(Now), Throws.InvalidOperationException);
        Assert.That(() => Processing.Redeliver(Now), Throws.InvalidOperationException);
    }

    private static IEnumerable<TestCaseData> OfOpenArtworks() => Named(
        ("Claim", artwork => artwork.Claim("worker", Now, Lease)), ("Renew", artwork => artwork.Renew(Now, Lease)),
        ("Release", artwork => artwork.Release(Now)), ("ReturnToQueue", artwork => artwork.ReturnToQueue(Now)),
        ("RetryLater", artwork => artwork.RetryLater(Now)),
        ("RetryUncounted", artwork => artwork.RetryUncounted(Now)),
        ("UncountAttempt", artwork => artwork.UncountAttempt()), ("Postpone", artwork => artwork.Postpone(Now)),
        ("LetWait", artwork => artwork.LetWait()), ("Succeed", artwork => artwork.Succeed(Now, "image/png")),
        ("Fail", artwork => artwork.Fail(Now, new(ArtworkFailure.InternalError, ""))),
        ("Cancel", artwork => artwork.Cancel(Now)));

    private static IEnumerable<TestCaseData> OfDeliveries() => Named(
        ("BeginDelivery", artwork => artwork.BeginDelivery(Now, Lease)),
        ("PostponeDelivery", artwork => artwork.PostponeDelivery(Now)),
        ("EndDelivery", artwork => artwork.EndDelivery(WebhookStatus.Delivered, null)),
        ("ReturnDelivery", artwork => artwork.ReturnDelivery(Now)));

    [TestCaseSource(nameof(OfOpenArtworks))]
    public void An_artwork_that_has_ended_does_not_change_any_more(Func<Artwork, Artwork> change)
    {
        foreach (var status in new[] { ArtworkStatus.Succeeded, ArtworkStatus.Failed, ArtworkStatus.Canceled })
            Assert.That(() => change(Ended with { Status = status }), Throws.InvalidOperationException, $"{status}");
        foreach (var open in new[] { Starting, Processing }) Assert.That(() => change(open), Throws.Nothing);
    }

    [TestCaseSource(nameof(OfDeliveries))]
    public void Only_a_pending_delivery_changes(Func<Artwork, Artwork> change)
    {
        foreach (var status in Enum.GetValues<WebhookStatus>().Except([WebhookStatus.Pending]))
            Assert.That(() => change(Ended with { Delivery = new(status) }), Throws.InvalidOperationException,
                $"{status}");
        Assert.That(() => change(Ended), Throws.Nothing);
    }

    [Test]
    public void The_duration_is_the_time_from_the_last_claim_to_the_end_and_never_negative()
    {
        Assert.That(Ended.Duration, Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That((Ended with { StartedAt = Now.AddSeconds(1) }).Duration, Is.EqualTo(TimeSpan.Zero));
        Assert.That(Processing.Duration, Is.EqualTo(TimeSpan.Zero));
        Assert.That(Starting.Cancel(Now).Duration, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void The_statuses_words_are_read_back()
    {
        foreach (var status in Enum.GetValues<ArtworkStatus>())
        {
            Assert.That(ArtworkStatuses.TryParse(status.Word(), out var parsed), Is.True);
            Assert.That(parsed, Is.EqualTo(status));
            Assert.That(status.IsTerminal(), Is.EqualTo(status >= ArtworkStatus.Succeeded));
        }
        foreach (var unknown in new[] { "Succeeded", "", null })
            Assert.That(ArtworkStatuses.TryParse(unknown, out _), Is.False);
    }

    private static IEnumerable<TestCaseData> Named(params (string Name, Func<Artwork, Artwork> Change)[] changes) =>
        changes.Select(change => new TestCaseData(change.Change).SetArgDisplayNames(change.Name));
}
