using Microsoft.Extensions.Logging;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Process;

/// <summary>Log events of processing; docs/events.md lists them.</summary>
internal static partial class ProcessLog
{
    [LoggerMessage(200, LogLevel.Information, "Artwork {ArtworkId}, attempt {Attempt}: {Width} x {Height}, {Steps}")]
    public static partial void CutOut(this ILogger log,
        Guid artworkId, int attempt, int width, int height, StepTimes steps);

    [LoggerMessage(201, LogLevel.Warning, "Artwork {ArtworkId}, attempt {Attempt}: {Code}, {Kind} ({Cause})")]
    public static partial void AttemptFailed(this ILogger log,
        Guid artworkId, int attempt, string code, string kind, string cause);

    [LoggerMessage(202, LogLevel.Error, "Artwork {ArtworkId}, attempt {Attempt}: unexpected failure")]
    public static partial void UnexpectedFailure(this ILogger log, Exception problem, Guid artworkId, int attempt);

    [LoggerMessage(203, LogLevel.Warning, "Artwork {ArtworkId}, attempt {Attempt}: {Code}, final")]
    public static partial void FailedForGood(this ILogger log, Guid artworkId, int attempt, string code);

    [LoggerMessage(204, LogLevel.Error, "Dropped a message of an unknown artwork from the poison queue")]
    public static partial void PoisonWithoutRecord(this ILogger log);

    [LoggerMessage(205, LogLevel.Warning, "Artwork {ArtworkId} was never started; queued again")]
    public static partial void QueuedAgain(this ILogger log, Guid artworkId);

    [LoggerMessage(206, LogLevel.Warning, "Artwork {ArtworkId} has no record; dropped its message")]
    public static partial void RecordMissing(this ILogger log, Guid artworkId);

    [LoggerMessage(207, LogLevel.Information,
        "Artwork {ArtworkId}, attempt {Attempt}: dropped a message, the artwork has ended")]
    public static partial void MessageTooLate(this ILogger log, Guid artworkId, int attempt);

    [LoggerMessage(208, LogLevel.Information,
        "Artwork {ArtworkId}, attempt {Attempt}: claimed by another worker; checking again when its lease ends")]
    public static partial void HeldByAnother(this ILogger log, Guid artworkId, int attempt);

    [LoggerMessage(209, LogLevel.Information,
        "Artwork {ArtworkId}, attempt {Attempt}: no free slot within {Seconds} s; returned to the queue")]
    public static partial void NoFreeSlot(this ILogger log, Guid artworkId, int attempt, double seconds);

    [LoggerMessage(210, LogLevel.Information,
        "Artwork {ArtworkId}, attempt {Attempt}: interrupted by the host; released ({Count} of {Most})")]
    public static partial void Released(this ILogger log, Guid artworkId, int attempt, int count, int most);

    [LoggerMessage(211, LogLevel.Warning, "Artwork {ArtworkId}: failed after {Count} interruptions by the host")]
    public static partial void InterruptedTooOften(this ILogger log, Guid artworkId, int count);

    [LoggerMessage(212, LogLevel.Information, "Artwork {ArtworkId}: dropped the result, the artwork is {Status}")]
    public static partial void ResultDropped(this ILogger log, Guid artworkId, string status);

    [LoggerMessage(213, LogLevel.Warning, "Artwork {ArtworkId}, attempt {Attempt}: lost the claim")]
    public static partial void ClaimLost(this ILogger log, Guid artworkId, int attempt);

    [LoggerMessage(214, LogLevel.Warning, "Artwork {ArtworkId}: could not renew the claim ({Reason})")]
    public static partial void ClaimNotRenewed(this ILogger log, Guid artworkId, string reason);

    [LoggerMessage(215, LogLevel.Information, "Download failed: {Reason}")]
    public static partial void DownloadFailed(this ILogger log, string reason);

    [LoggerMessage(216, LogLevel.Information,
        "Artwork {ArtworkId}, attempt {Attempt}: {Fault}; not counted ({Count} of {Most})")]
    public static partial void AttemptNotCounted(this ILogger log, Guid artworkId, int attempt, Fault fault, int count,
        int most);

    [LoggerMessage(217, LogLevel.Warning,
        "A downloaded file could not be deleted from storage ({Reason}); retention will delete it")]
    public static partial void PiecesNotDeleted(this ILogger log, string reason);

    [LoggerMessage(218, LogLevel.Warning,
        "Artwork {ArtworkId}: storage failed before it was claimed ({Reason}); its message comes again")]
    public static partial void MessageReturned(this ILogger log, Guid artworkId, string reason);
}

/// <summary>Names and times of a cut-out's steps; formatted only when the event is logged.</summary>
internal readonly record struct StepTimes(IReadOnlyList<(string Name, TimeSpan Time)> Steps)
{
    public override string ToString() => string.Join(", ", Steps.Select(
        step => FormattableString.Invariant($"{step.Name} {step.Time.TotalMilliseconds:0} ms")));
}
