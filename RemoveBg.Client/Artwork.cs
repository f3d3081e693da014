using System.Text.Json;

namespace RemoveBg.Client;

/// <summary>One job.</summary>
/// <param name="Id">The artwork's id.</param>
/// <param name="Status">Where it is.</param>
/// <param name="Results">URLs that work for an hour without a key; empty until the artwork has succeeded.</param>
/// <param name="Parameters">The request as the service understood it.</param>
/// <param name="Duration">Seconds of processing.</param>
/// <param name="CreatedAt">When it was accepted.</param>
/// <param name="Error">Why it has failed; otherwise null.</param>
public sealed record Artwork(string Id, ArtworkStatus Status, IReadOnlyList<string> Results, JsonElement Parameters,
    double Duration, DateTimeOffset CreatedAt, Failure? Error = null)
{
    /// <summary>Whether it has succeeded, failed or been canceled; nothing changes afterwards.</summary>
    public bool HasEnded => Status is ArtworkStatus.Succeeded or ArtworkStatus.Failed or ArtworkStatus.Canceled;
}

/// <summary>State of an artwork.</summary>
public enum ArtworkStatus
{
    /// <summary>Accepted.</summary>
    Starting,

    /// <summary>Being worked on.</summary>
    Processing,

    /// <summary>There is a result.</summary>
    Succeeded,

    /// <summary>There is none, and <see cref="Artwork.Error"/> says why.</summary>
    Failed,

    /// <summary>Its caller canceled it.</summary>
    Canceled,
}

/// <summary>Why an artwork has failed.</summary>
/// <param name="Code">A failure code of the API, such as <c>image_unreachable</c>.</param>
/// <param name="Message">The reason in words.</param>
public sealed record Failure(string Code, string Message);

/// <summary>An artwork's webhook and the attempts to deliver it.</summary>
/// <param name="WebhookId">The header webhook-id of every attempt.</param>
/// <param name="Status"><c>none</c>, <c>pending</c>, <c>delivered</c>, <c>exhausted</c> or <c>gone</c>.</param>
/// <param name="Items">The attempts.</param>
public sealed record Deliveries(string WebhookId, string Status, IReadOnlyList<Delivery> Items);

/// <summary>One attempt to deliver a webhook.</summary>
/// <param name="Attempt">Its number, from 1.</param>
/// <param name="At">When it was made.</param>
/// <param name="Outcome"><c>delivered</c>, <c>failed</c>, <c>timeout</c>, <c>unreachable</c> or <c>gone</c>.</param>
/// <param name="StatusCode">The receiver's HTTP status, if it responded.</param>
/// <param name="Duration">Seconds.</param>
/// <param name="NextAttemptAt">When it is tried again, if it is.</param>
public sealed record Delivery(int Attempt, DateTimeOffset At, string Outcome, int? StatusCode, double Duration,
    DateTimeOffset? NextAttemptAt);

/// <summary>A receiver's response to a sample webhook.</summary>
/// <param name="WebhookId">The header webhook-id.</param>
/// <param name="Outcome"><c>delivered</c>, <c>failed</c>, <c>timeout</c>, <c>unreachable</c> or <c>gone</c>.</param>
/// <param name="StatusCode">The receiver's HTTP status, if it responded.</param>
/// <param name="Duration">Seconds.</param>
/// <param name="Response">At most the first 1,000 bytes of the response's body.</param>
/// <param name="Sent">The sample.</param>
public sealed record WebhookTest(string WebhookId, string Outcome, int? StatusCode, double Duration, string? Response,
    Artwork Sent);
