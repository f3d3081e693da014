namespace RemoveBg.Core.Notify;

/// <summary>Computes the time of the next attempt with the arithmetic of DurableTask.Core's
/// RetryInterceptor, with jitter.</summary>
public static class WebhookSchedule
{
    /// <summary>min(first × coefficient^n, max), n = 0 after the first failure.</summary>
    public static TimeSpan Interval(WebhookOptions options, int failure)
    {
        var next = options.FirstRetryInterval.TotalMilliseconds * Math.Pow(options.BackoffCoefficient, failure);
        return next < options.MaxRetryInterval.TotalMilliseconds ? TimeSpan.FromMilliseconds(next)
            : options.MaxRetryInterval;
    }

    /// <param name="attempts">Attempts made in this round, the failed one included; at least 1.</param>
    /// <param name="firstAttempt">When the round's first attempt began.</param>
    /// <param name="now">After the failure.</param>
    /// <param name="retryAfter">What the receiver asked for; lengthens the wait, up to the longest interval.</param>
    /// <param name="random">Random number in [0, 1).</param>
    /// <returns>How long to wait for the next attempt; null when there is none.</returns>
    public static TimeSpan? Next(
        WebhookOptions options, int attempts, DateTimeOffset firstAttempt, DateTimeOffset now, TimeSpan? retryAfter,
            double random)
    {
        if (attempts >= options.MaxNumberOfAttempts) return null;
        if (options.RetryTimeout is { } timeout && now - firstAttempt >= timeout) return null;
        var interval = Interval(options, attempts - 1) * (1 + options.Jitter * (2 * random - 1));
        if (retryAfter is not { } asked) return interval;
        // With jitter, the interval may itself be longer than the longest.
        var allowed = asked < options.MaxRetryInterval ? asked : options.MaxRetryInterval;
        return allowed > interval ? allowed : interval;
    }
}
