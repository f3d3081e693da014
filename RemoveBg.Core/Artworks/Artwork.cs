using Azure;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Artworks;

/// <summary>Size of a result and the subject's rectangle in it, in pixels; the rectangle is all zero when there is no
/// subject.</summary>
public sealed record SubjectPlace(int Width, int Height, int SubjectLeft, int SubjectTop, int SubjectWidth,
    int SubjectHeight)
{
    internal string ToText() => string.Join(' ', Width, Height, SubjectLeft, SubjectTop, SubjectWidth, SubjectHeight);

    internal static SubjectPlace Parse(string text)
    {
        var all = text.Split(' ').Select(number => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture))
            .ToArray();
        return new(all[0], all[1], all[2], all[3], all[4], all[5]);
    }
}

/// <summary>The record of one job. Immutable: each change is a copy made by <see cref="ArtworkTransitions"/> and
/// written by <see cref="ArtworkTable.TryUpdateAsync"/> under its ETag.</summary>
public sealed record Artwork
{
    /// <summary>Version 7 (RFC 9562): sorts by time of creation.</summary>
    public required Guid Id { get; init; }

    /// <summary>The API key that owns it.</summary>
    public required string KeyId { get; init; }

    /// <summary>Most artworks of this key that may be queued or running at once, as it was at submission.</summary>
    public int ConcurrentJobs { get; init; } = Access.ApiKey.DefaultConcurrentJobs;

    /// <summary>The photo's URL as given; only the media type of a data URI.</summary>
    public required string ImageUrl { get; init; }

    public string? Webhook { get; init; }
    public required OutputFormat OutputFormat { get; init; }

    /// <summary>Options beyond the cut-out; null when there are none.</summary>
    public CutOutOptions? Options { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required ArtworkStatus Status { get; init; }

    /// <summary>Row of the <c>Idempotency-Key</c> that the submission had; null without one.</summary>
    internal string? IdempotencyRow { get; init; }

    /// <summary>Whether the photo came with the request and is stored as a blob.</summary>
    public bool HasStoredInput { get; init; }

    /// <summary>Number of claims by workers. Counted before the work, so that a crash loop ends.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts that a stopping or frozen host interrupted; they do not count as <see cref="Attempt"/>.
    /// Bounded, so that a restart loop, or an image that freezes its host, ends.</summary>
    public int HandBacks { get; init; }

    /// <summary>Token of the last claim that wrote the record.</summary>
    public string? LeaseOwner { get; init; }

    /// <summary>End of the claim's lease; null when no worker has claimed it.</summary>
    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>Time of the last claim.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
    public ArtworkFailure? Failure { get; init; }

    /// <summary>The network's confidence, 0 to 1; null until succeeded.</summary>
    public double? Confidence { get; init; }

    /// <summary>Size of the result and the subject's rectangle; null until succeeded, and where it was not asked
    /// for.</summary>
    public SubjectPlace? Subject { get; init; }

    /// <summary>Media type of the stored result; null until succeeded.</summary>
    public string? ResultContentType { get; init; }

    public WebhookState Delivery { get; init; } = WebhookState.None;

    /// <summary>Time at which the sweeper takes over; null when nothing is left to do, and while the artwork waits for
    /// a permit.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Row by which the sweeper finds the artwork when it is due; null when nothing is. Maintained by <see
    /// cref="ArtworkTable"/>.</summary>
    internal string? DueRow { get; init; }

    /// <summary>W3C <c>traceparent</c> of the submission; null when it was not traced.</summary>
    public string? TraceParent { get; init; }

    public ETag ETag { get; init; }

    /// <summary>Processing time; zero until the artwork has ended, and if it never started. Never negative, although
    /// the worker's clock may have been set back meanwhile.</summary>
    public TimeSpan Duration => EndedAt > StartedAt ? EndedAt.Value - StartedAt.Value : TimeSpan.Zero;

    /// <summary>Message id as in Standard Webhooks: one per artwork and final status, the same on every
    /// attempt.</summary>
    public string WebhookId => $"evt_{Id:N}_{Status.Word()}";
}
