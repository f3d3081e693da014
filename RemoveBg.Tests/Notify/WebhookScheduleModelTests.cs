using CsCheck;
using RemoveBg.Core.Notify;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Notify;

/// <summary>Generated rounds of failing attempts against the rules of the retry schedule, written as a loop.</summary>
[Category(Histories.Category)]
public sealed class WebhookScheduleModelTests
{
    private static readonly DateTimeOffset First = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<TimeSpan> Spans =
        Gen.Double[0, 8.78].Select(power => TimeSpan.FromMilliseconds(Math.Round(Math.Pow(10, power))));

    private static readonly Gen<WebhookOptions> Settings = Gen.Select(Spans, Gen.Double[1, 20], Spans, Gen.Int[1, 25],
        Gen.Double[0, 0.5], Spans.Nullable(), (first, coefficient, max, attempts, jitter, timeout) => new WebhookOptions
        {
            FirstRetryInterval = first, BackoffCoefficient = coefficient, MaxRetryInterval = max,
            MaxNumberOfAttempts = attempts, Jitter = jitter, RetryTimeout = timeout,
        });

    private static readonly Gen<Failure[]> Failures = Gen.Select(Gen.Int[0, 15_000], Spans.Nullable(),
        Gen.Double[0, 0.999999], (milliseconds, retryAfter, random) =>
            new Failure(TimeSpan.FromMilliseconds(milliseconds), retryAfter, random)).Array[26];

    [Test]
    public void Generated_rounds_follow_the_rules_and_end() =>
        Gen.Select(Settings, Failures).Sample((options, failures) =>
        {
            var (now, attempts, interval) = (First, 0, options.FirstRetryInterval.TotalMilliseconds);
            var longest = options.MaxRetryInterval.TotalMilliseconds;
            while (true)
            {
                var failure = failures[attempts++];
                now += failure.Took;
                var wait = WebhookSchedule.Next(options, attempts, First, now, failure.RetryAfter, failure.Random);
                if (attempts == options.MaxNumberOfAttempts || now - First >= options.RetryTimeout) return wait is null;
                if (wait is null) return false;

                var expected = Math.Min(interval, longest) * (1 - options.Jitter + 2 * options.Jitter * failure.Random);
                if (failure.RetryAfter is { } asked)
                    expected = Math.Max(expected, Math.Min(asked.TotalMilliseconds, longest));
                if (Math.Abs(wait.Value.TotalMilliseconds - expected) > expected * 1e-9 + 0.001) return false;
                now += wait.Value;
                interval = Math.Min(interval * options.BackoffCoefficient, longest);
            }
        }, iter: Histories.Count(10_000), print: Print);

    private static string Print((WebhookOptions Options, Failure[] Failures) history) =>
        $"first {history.Options.FirstRetryInterval}, coefficient {history.Options.BackoffCoefficient}, longest "
        + $"{history.Options.MaxRetryInterval}, attempts {history.Options.MaxNumberOfAttempts}, jitter "
        + $"{history.Options.Jitter}, timeout {history.Options.RetryTimeout}: {string.Join("; ", history.Failures
            .Take(history.Options.MaxNumberOfAttempts).Select(failure => failure.ToString()))}";

    /// <param name="Took">From the attempt's begin to its failure.</param>
    /// <param name="RetryAfter">What the receiver asked for.</param>
    /// <param name="Random">Random number in [0, 1).</param>
    private sealed record Failure(TimeSpan Took, TimeSpan? RetryAfter, double Random);
}
