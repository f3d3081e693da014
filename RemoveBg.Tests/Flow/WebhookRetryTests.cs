using System.Globalization;
using Microsoft.AspNetCore.Http;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Receivers that ask for more time (RFC 9110, section 10.2.3).</summary>
public sealed class WebhookRetryTests : HandRunTests
{
    /// <summary>The first interval is 5 s, a tenth more or less by chance, rounded up.</summary>
    private const int FirstLeast = 5, FirstMost = 6;

    [TestCase(429, "120", 120, 120)]
    [TestCase(503, "120", 120, 120)]
    [TestCase(503, "date", 299, 300)]
    [TestCase(429, "1", FirstLeast, FirstMost, Description = "less than our own interval")]
    [TestCase(429, "soon", FirstLeast, FirstMost)]
    [TestCase(500, "120", FirstLeast, FirstMost, Description = "has no meaning there")]
    [TestCase(429, "99999999", 86_400, 86_400, Description = "the longest interval")]
    public async Task The_next_attempt_waits_as_long_as_the_receiver_asks(int status, string retryAfter, int least,
        int most)
    {
        Caller.OnDelivery = (_, context) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = retryAfter == "date"
                ? Clock.GetUtcNow().AddSeconds(300).ToString("R", CultureInfo.InvariantCulture) : retryAfter;
            return Task.CompletedTask;
        };
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        using var requests = new StorageRequests(Host.ConnectionString);
        await DeliverAsync(id, 1);
        Assert.That(Caller.Deliveries, Has.Count.EqualTo(1));
        Assert.That(requests.DelaysOf(ArtworkQueues.Webhooks).Single(), Is.InRange(least, most));
        Assert.That(((await FindAsync(id)).Delivery.NextAttemptAt - Clock.GetUtcNow())!.Value.TotalSeconds,
            Is.InRange(least - 1, most));
    }
}
