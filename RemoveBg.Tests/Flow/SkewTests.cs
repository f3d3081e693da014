using System.Net;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Access;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Two hosts on one storage, one of them on a machine whose clock is off.</summary>
[TestFixture(2)]
[TestFixture(-2)]
public sealed class SkewTests(int hours)
{
    private readonly TimeSpan _ahead = TimeSpan.FromHours(hours);
    private Caller _caller = null!;
    private RunningHost _right = null!, _wrong = null!;

    [SetUp]
    public async Task Start()
    {
        _caller = await Caller.StartAsync();
        _right = await RunningHost.StartAsync(takesWork: false);
        _wrong = await StartSkewedAsync(_ahead, takesWork: true);
    }

    [TearDown]
    public async Task Stop()
    {
        await _wrong.DisposeAsync();
        await _right.DisposeAsync();
        await _caller.DisposeAsync();
    }

    [Test]
    public async Task A_key_is_not_refused_for_longer_than_its_rate_says()
    {
        var key = await _right.AddKeyAsync("shop", ratePerMinute: 60, burst: 2);
        using var there = _wrong.ClientWith(key);
        using var here = _right.ClientWith(key);
        var photo = new { imageUrl = _caller.Serve(SmallPhotos.Of("scene-toycar.jpg")) };
        // Each host in turn fills the bucket and is refused.
        foreach (var (host, client) in new[] { (_wrong, there), (_right, here), (_wrong, there) })
        {
            HttpResponseMessage response;
            for (var i = 0; (response = await host.SubmitAsync(photo, client)).StatusCode == HttpStatusCode.Accepted;
                i++)
            {
                response.Dispose();
                Assert.That(i, Is.LessThan(1000), "there is a rate");
            }
            using (response)
            {
                Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
                Assert.That(response.Headers.RetryAfter!.Delta, Is.LessThan(TimeSpan.FromSeconds(10)));
            }
        }
    }

    [Test]
    public async Task Its_dates_result_urls_and_webhooks_are_right()
    {
        var artwork =
            await _wrong.CutOutAsync(_caller.Serve(SmallPhotos.Of("scene-toycar.jpg")), _caller.WebhookUrl);
        var now = TimeProvider.System.GetUtcNow();
        Assert.That(artwork.GetProperty("createdAt").GetDateTimeOffset(),
            Is.EqualTo(now).Within(TimeSpan.FromMinutes(5)));
        using var download = new HttpClient();
        using var result = await download.GetAsync(artwork.GetProperty("results")[0].GetString());
        Assert.That(result.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var delivery = (await _caller.UntilDeliveredAsync(1))[0];
        Assert.That(delivery.IsSignedWith(_wrong.Secrets.WebhookSecret), Is.True, "and its timestamp is right");
    }

    [Test]
    public async Task Its_lease_ends_in_time()
    {
        var photo = _caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        using var submitted = await _wrong.SubmitAsync(new { imageUrl = photo.Url });
        var id = Guid.Parse((await submitted.JsonAsync()).Text("id")!);
        await photo.Asked;
        var artwork = await _right.Get<ArtworkTable>().FindAsync(id, CancellationToken.None);
        Assert.That(artwork!.LeaseUntil,
            Is.EqualTo(TimeProvider.System.GetUtcNow()).Within(TimeSpan.FromMinutes(2)));
        photo.Answer.SetResult();
    }

    [Test]
    public async Task Retention_erases_nothing_that_is_new()
    {
        // Further off than anything is kept.
        await using var host = await StartSkewedAsync(TimeSpan.FromDays(8 * hours), takesWork: false);
        var artwork = await _wrong.CutOutAsync(_caller.Serve(SmallPhotos.Of("scene-toycar.jpg")));
        using (await _right.SubmitAsync(new { imageUrl = "https://example.com/a.jpg" },
            ("Idempotency-Key", "order-1"))) { }
        await host.Get<EraseExpired>().EraseAsync(CancellationToken.None);
        Assert.That((await _right.ReadAsync(artwork.Text("id")!)).Text("status"), Is.EqualTo("succeeded"));
        using var download = new HttpClient();
        using var result = await download.GetAsync(artwork.GetProperty("results")[0].GetString());
        Assert.That(result.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(new TableClient(_right.ConnectionString, "idempotency").Query<TableEntity>().Count(),
            Is.EqualTo(1));
    }

    private Task<RunningHost> StartSkewedAsync(TimeSpan ahead, bool takesWork) => RunningHost.StartAsync(
        services: services => services.AddSingleton(new StorageClock(new SkewedClock(ahead))),
        takesWork: takesWork, storage: _right.ConnectionString);
}
