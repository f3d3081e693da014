using System.ComponentModel.DataAnnotations;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Process;

/// <summary>Settings <c>RemoveBg:Process</c>.</summary>
public sealed class ProcessOptions
{
    public const string Section = "RemoveBg:Process";

    private static readonly TimeSpan LongestStorageDelay = TimeSpan.FromMinutes(5);

    /// <summary>Working time of one attempt, without waiting for a slot in the pipeline. Default 120 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Longest wait for a slot in the pipeline; then the artwork returns to the queue. It costs no attempt.
    /// Default 120 s; together with <see cref="Deadline"/> at least 30 s below the host's functionTimeout.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan SlotWait { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Interruptions by the host (shutdown, scale-in) that an artwork survives before it fails. Attempts
    /// during which the process was frozen or storage failed count, too, but further ones only use up attempts. Default
    /// 10.</summary>
    [Range(1, 1000)]
    public int MaxHandBacks { get; set; } = 10;

    /// <summary>Lease of a claim, renewed after a third of it. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts before an artwork fails. Default 3.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Wait before the second attempt after a transient failure; each later wait is four times as long.
    /// Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Wait after a failed attempt. Storage queues allow 7 days.</summary>
    internal TimeSpan RetryDelay(int attempt) => TimeSpan.FromSeconds(Math.Min(TimeSpan.FromDays(7).TotalSeconds,
        FirstRetryDelay.TotalSeconds * Math.Pow(4, attempt - 1)));

    /// <summary>Wait after a storage failure, of which the default settings survive half an hour.</summary>
    internal TimeSpan StorageRetryDelay(int failures) =>
        TimeSpan.FromSeconds(Math.Min(LongestStorageDelay.TotalSeconds, RetryDelay(failures).TotalSeconds));

    /// <summary>Time after which an artwork that has not ended is looked at again, at the latest: the longest lease or
    /// retry delay, and the sweeper's patience.</summary>
    internal TimeSpan LongestDue =>
        TimeSpan.FromTicks(Math.Max(TimeSpan.FromMinutes(30).Ticks, RetryDelay(MaxAttempts).Ticks))
            + ArtworkTransitions.QueuePatience;
}
