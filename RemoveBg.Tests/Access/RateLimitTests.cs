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

    [Test]
    public async Task An_instance_alone_sends_one_request_per_admission_and_none_per_refusal()
    {
        const int burst = 20;
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var proxy = await StorageProxy.StartAsync(Storage.NewAccount());
        await new TableClient(proxy.ConnectionString, "rates").CreateAsync();
        var requests = 0;
        proxy.Decide = _ =>
        {
            Interlocked.Increment(ref requests);
            return Fate.Passed;
        };
        await using var services = KeyCommands.Services(proxy.ConnectionString, clock);
        var limit = services.GetRequiredService<RateLimit>();
        var admitted = await Task.WhenAll(Enumerable.Range(0, burst).Select(_ => AdmitAsync(limit, burst)));
        Assert.That(admitted.Select(decision => decision.IsAllowed), Is.All.True);
        Assert.That(requests, Is.EqualTo(1 + burst), "the row is read once");

        for (var i = 0; i < 5; i++) Assert.That((await AdmitAsync(limit, burst)).IsAllowed, Is.False);
        Assert.That(requests, Is.EqualTo(1 + burst));
    }

    /// <summary>Its own admissions cannot be counted then, so it must not make any.</summary>
    [Test]
    public async Task An_instance_that_is_overtaken_ten_times_refuses_for_a_moment()
    {
        const int burst = 100;
        var (storage, clock) = (Storage.NewAccount(), new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        await new TableClient(storage, "rates").CreateAsync();
        await using var proxy = await StorageProxy.StartAsync(storage);
        await using var slow = KeyCommands.Services(proxy.ConnectionString, clock);
        await using var quick = KeyCommands.Services(storage, clock);
        var (overtaken, other) = (0, quick.GetRequiredService<RateLimit>());
        proxy.Decide = request =>
        {
            if (request.StartsWith("GET", StringComparison.Ordinal)) return Fate.Passed;
            overtaken++;
            Assert.That(AdmitAsync(other, burst).GetAwaiter().GetResult().IsAllowed, Is.True);
            return Fate.Passed;
        };
        var refused = await AdmitAsync(slow.GetRequiredService<RateLimit>(), burst);
        Assert.That((overtaken, refused.RetryAfter), Is.EqualTo((10, TimeSpan.FromSeconds(1))));

        proxy.Decide = _ => Fate.Passed;
        Assert.That((await AdmitAsync(slow.GetRequiredService<RateLimit>(), burst)).Remaining,
            Is.EqualTo(burst - 11), "nothing else was counted");
    }

    private static Task<RateDecision> AdmitAsync(RateLimit limit, int burst) => limit.AdmitAsync(
        new("key_1", "busy", ApiKey.HashOf("x"), true, null, Scopes.All, 1, burst), 1, CancellationToken.None);
}
