using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Notify;

/// <summary>Settings <c>RemoveBg:Webhook</c>. The retry settings have the names and the meaning of Durable Functions'
/// RetryOptions.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    public const string Section = "RemoveBg:Webhook";

    /// <summary>Global secrets, <c>whsec_</c> and 24 to 64 bytes in base64: one, or two separated by a space, new
    /// first, during rotation. They sign the webhooks of API keys without a secret of their own, and open the secrets
    /// of the others.</summary>
    [Required(ErrorMessage = $"{Section}:{nameof(Secrets)} is missing: set it to whsec_ and 24 to 64 random bytes in "
        + "base64 ('RemoveBg__Webhook__Secrets' in the environment).")]
    public string Secrets { get; set; } = "";

    /// <summary>Wait after the first failure. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "7.00:00:00")]
    public TimeSpan FirstRetryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Factor by which each wait is longer than the one before. Default 5.</summary>
    [Range(1.0, 100.0)]
    public double BackoffCoefficient { get; set; } = 5;

    /// <summary>Longest wait. Default 24 h; storage queues allow 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "7.00:00:00")]
    public TimeSpan MaxRetryInterval { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Attempts including the first. Default 10, which spans 75 hours with the other defaults.</summary>
    [Range(1, 1000)]
    public int MaxNumberOfAttempts { get; set; } = 10;

    /// <summary>Time since the first attempt after which a failure is final. Default: no limit.</summary>
    public TimeSpan? RetryTimeout { get; set; }

    /// <summary>Longest time until the receiver responds. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:02:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Attempts that one instance makes at once. Default 14; at most host.json's newBatchThreshold, or an
    /// instance full of hanging receivers reads no more messages.</summary>
    [Range(1, 100)]
    public int MaxAtOnce { get; set; } = 14;

    /// <summary>Attempts that one instance makes at once for one key at one receiver (scheme, host and port). Default
    /// 3.</summary>
    [Range(1, 100)]
    public int MaxAtOncePerReceiver { get; set; } = 3;

    /// <summary>Random share by which each wait is lengthened or shortened. Default 0.1.</summary>
    [Range(0.0, 0.5)]
    public double Jitter { get; set; } = 0.1;

    /// <summary>Lease of a running attempt: its timeout, and time to record the outcome.</summary>
    internal TimeSpan Lease => Timeout + TimeSpan.FromSeconds(15);

    /// <summary>The secrets' bytes.</summary>
    /// <exception cref="FormatException">A secret is malformed.</exception>
    public IReadOnlyList<byte[]> ReadKeys() =>
        [.. Secrets.Split((char[])[' ', ',', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(WebhookSigner.KeyOf)];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string? problem = null;
        try
        {
            if (ReadKeys().Count is 0 or > 2) problem = "needs one secret, or two while the first is being retired";
        }
        catch (FormatException malformed)
        {
            problem = malformed.Message;
        }
        if (problem is not null) yield return new($"{Section}:{nameof(Secrets)} {problem}.", [nameof(Secrets)]);
    }
}
