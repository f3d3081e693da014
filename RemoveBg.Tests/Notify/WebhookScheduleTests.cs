using RemoveBg.Core.Notify;

namespace RemoveBg.Tests.Notify;

public sealed class WebhookScheduleTests
{
    private const double NoJitter = 0.5;
    private static readonly DateTimeOffset First = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public void The_defaults_span_75_hours_in_ten_attempts()
    {
        var options = new WebhookOptions();
        var waits = Enumerable.Range(1, 10)
            .Select(attempts => WebhookSchedule.Next(options, attempts, First, First, null, NoJitter)).ToList();
        Assert.That(waits.Take(9).Select(wait => wait!.Value.TotalSeconds),
            Is.EqualTo(new double[] { 5, 25, 125, 625, 3125, 15625, 78125, 86400, 86400 }));
        Assert.That(waits[9], Is.Null, "the tenth attempt is the last");
        Assert.That(TimeSpan.FromSeconds(waits.Take(9).Sum(wait => wait!.Value.TotalSeconds)),
            Is.EqualTo(new TimeSpan(75, 7, 35)));
    }

    [Test(Description = "DurableTask.Core, RetryInterceptor: the timeout is looked at after a failure, and does not "
        + "shorten a wait")]
    public void The_retry_timeout_is_checked_after_a_failure_before_waiting()
    {
        var options =
            new WebhookOptions { FirstRetryInterval = TimeSpan.FromHours(1), RetryTimeout = TimeSpan.FromMinutes(10) };
        Assert.That(WebhookSchedule.Next(options, 1, First, First.AddMinutes(9), null, NoJitter),
            Is.EqualTo(TimeSpan.FromHours(1)));
        Assert.That(WebhookSchedule.Next(options, 1, First, First.AddMinutes(10), null, NoJitter), Is.Null);
    }

    [TestCase(0.0, 4.5)]
    [TestCase(0.5, 5.0)]
    [TestCase(0.999999, 5.5)]
    public void Jitter_is_at_most_a_tenth(double random, double seconds) =>
        Assert.That(WebhookSchedule.Next(new WebhookOptions(), 1, First, First, null, random)!.Value.TotalSeconds,
            Is.EqualTo(seconds).Within(0.001));

    [TestCase(2, 5, Description = "shorter than the interval: the interval")]
    [TestCase(120, 120)]
    [TestCase(1_000_000_000, 86_400, Description = "clamped to the longest interval")]
    public void Retry_After_extends_the_wait_up_to_the_longest_interval(int asked, int expected) =>
        Assert.That(WebhookSchedule.Next(new WebhookOptions(), 1, First, First, TimeSpan.FromSeconds(asked), NoJitter),
            Is.EqualTo(TimeSpan.FromSeconds(expected)));

    [Test]
    public void Retry_After_does_not_shorten_a_wait_that_jitter_has_made_longer_than_the_longest_interval()
    {
        var options = new WebhookOptions { FirstRetryInterval = TimeSpan.FromHours(24) };
        Assert.That(WebhookSchedule.Next(options, 1, First, First, TimeSpan.FromDays(30), random: 0.75),
            Is.EqualTo(TimeSpan.FromHours(24 * 1.05)).Within(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public void A_huge_number_of_attempts_does_not_overflow() =>
        Assert.That(WebhookSchedule.Interval(new WebhookOptions(), 100_000), Is.EqualTo(TimeSpan.FromHours(24)));
}
