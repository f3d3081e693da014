using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Access;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Access;

public sealed class RateLimitTests
{
    [Test]
    public async Task Many_instances_at_once_admit_no_more_than_the_burst()
    {
        const int burst = 20;
        var (storage, clock) = (Storage.NewAccount(), new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        var instances = Enumerable.Range(0, 12).Select(_ => KeyCommands.Services(storage, clock)).ToList();
        try
        {
            await new TableClient(storage, "rates").CreateAsync();
            var limits = instances.Select(services => services.GetRequiredService<RateLimit>()).ToList();
            var key = new ApiKey("key_1", "busy", ApiKey.HashOf("x"), true, null, Scopes.All, 1, burst);
            var decisions = await Task.WhenAll(limits.SelectMany(limit => Enumerable.Range(0, 10)
                .Select(_ => Task.Run(() => limit.AdmitAsync(key, 1, CancellationToken.None)))));
            Assert.That(decisions.Where(decision => !decision.IsAllowed).Select(decision => decision.RetryAfter),
                Has.All.GreaterThan(TimeSpan.Zero));

            // Whatever contention has left of the burst is still there.
            var admitted = decisions.Count(decision => decision.IsAllowed);
            Assert.That(admitted, Is.InRange(1, burst));
            while ((await limits[0].AdmitAsync(key, 1, CancellationToken.None)).IsAllowed) admitted++;
            Assert.That(admitted, Is.EqualTo(burst));
        }
        finally
        {
            foreach (var services in instances) await services.DisposeAsync();
        }
    }
}
