using Azure;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Artworks;

/// <summary>Width and height of a result, and the rectangle in it in which the subject is, in pixels; the
/// rectangle is all zero when there is none.</summary>
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

/// <summary>The record of one job. Immutable: every change is a copy made by <see cref="ArtworkTransitions"/> and
/// written by <see cref="ArtworkTable.TryUpdateAsync"/> under its ETag.</summary>
public sealed record Artwork
{
    /// <summary>Version 7 (RFC 9562): sorts by time of creation.</summary>
    public required Guid Id { get; init; }

    /// <summary>The API key that owns it.</summary>
    public required string KeyId { get; init; }

    /// <summary>How many artworks of this key may be worked on at once, as it was at submission.</summary>
    public int ConcurrentJobs { get; init; } = Access.ApiKey.DefaultConcurrentJobs;

    /// <summary>As the caller gave it; of a data URI the media type only.</summary>
    public required string ImageUrl { get; init; }

    public string? Webhook { get; init; }
    public required OutputFormat OutputFormat { get; init; }

    /// <summary>What else was asked of the picture; null when nothing was.</summary>
    public CutOutOptions? Options { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required ArtworkStatus Status { get; init; }

    /// <summary>Whether the picture came in the request and lies in Blob Storage.</summary>
    public bool HasStoredInput { get; init; }

    /// <summary>How often a worker has claimed it. Counted before the work, so that a crash loop ends.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts that the host interrupted and that were not counted. Bounded, so
    /// that a restart loop ends.</summary>
    public int HandBacks { get; init; }

    /// <summary>Token of the claim that wrote last.</summary>
    public string? LeaseOwner { get; init; }

    /// <summary>Until when the claim holds; null when nobody has one.</summary>
    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>When the last claim was made.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
    public ArtworkFailure? Failure { get; init; }

    /// <summary>How sure the network was of the result, 0 to 1; null until succeeded.</summary>
    public double? Confidence { get; init; }

    /// <summary>Size of the result and the subject's rectangle in it; null until succeeded, and
    /// where it was not asked for.</summary>
    public SubjectPlace? Subject { get; init; }

    /// <summary>Media type of the stored result; null until succeeded.</summary>
    public string? ResultContentType { get; init; }

    public WebhookState Delivery { get; init; } = WebhookState.None;

    /// <summary>When the sweeper shall look if nothing has happened by then; null when nothing is left to do.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>W3C <c>traceparent</c> of the submission; null when it was not traced.</summary>
    public string? TraceParent { get; init; }

    public ETag ETag { get; init; }

    /// <summary>Time of processing; zero until it ended, and for what never started.</summary>
    public TimeSpan Duration => EndedAt - StartedAt ?? TimeSpan.Zero;

    /// <summary>The Standard Webhooks message id: one per artwork and final status, the
    /// same on every attempt.</summary>
    public string WebhookId => $"evt_{Id:N}_{Status.Word()}";
}
