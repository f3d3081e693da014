using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Notify;

/// <summary>Settings <c>RemoveBg:Webhook</c>. The retry settings are those of Durable Functions'
/// RetryOptions, with the same meaning.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    public const string Section = "RemoveBg:Webhook";

    /// <summary>Signing secrets, <c>whsec_</c> and 24 to 64 bytes in base64, separated by blanks: one, or
    /// while it is being rotated two.</summary>
    [Required]
    public string Secrets { get; set; } = "";

    /// <summary>Wait after the first failure. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "7.00:00:00")]
    public TimeSpan FirstRetryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Each wait is so many times the one before. Default 5.</summary>
    [Range(1.0, 100.0)]
    public double BackoffCoefficient { get; set; } = 5;

    /// <summary>Longest wait. Default 24 h; storage queues allow 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "7.00:00:00")]
    public TimeSpan MaxRetryInterval { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Attempts in all, the first included. Default 10, which with the other
    /// defaults spans 75 hours.</summary>
    [Range(1, 1000)]
    public int MaxNumberOfAttempts { get; set; } = 10;

    /// <summary>After a failure no further attempt is planned when so much time has passed since
    /// the first. Default: no limit.</summary>
    public TimeSpan? RetryTimeout { get; set; }

    /// <summary>How long a receiver may take to answer. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:02:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How many attempts one instance makes at once to one receiver. Default 4.</summary>
    [Range(1, 100)]
    public int MaxAtOncePerReceiver { get; set; } = 4;

    /// <summary>Share of each wait by which it is lengthened or shortened at random. Default 0.1.</summary>
    [Range(0.0, 0.5)]
    public double Jitter { get; set; } = 0.1;

    internal IReadOnlyList<byte[]> Keys =>
        [.. Secrets.Split((char[])[' ', ',', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(WebhookSigner.KeyOf)];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string? problem = null;
        try
        {
            if (Keys.Count is 0 or > 2) problem = "needs one secret, or two while the first is being retired";
        }
        catch (FormatException malformed)
        {
            problem = malformed.Message;
        }
        if (problem is not null) yield return new($"{Section}:{nameof(Secrets)} {problem}.", [nameof(Secrets)]);
    }
}
