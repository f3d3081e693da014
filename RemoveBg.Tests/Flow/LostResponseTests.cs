using System.Globalization;
using Azure.Storage.Blobs;
using RemoveBg.Core.Access;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Storage does what it is asked to, but its response gets lost, and the SDK asks again.</summary>
public sealed class LostResponseTests
{
    private Caller _caller = null!;
    private string _storage = null!;
    private StorageProxy _proxy = null!;
    private RunningHost _host = null!;

    [SetUp]
    public async Task Start()
    {
        _caller = await Caller.StartAsync();
        _storage = Storage.NewAccount();
        _proxy = await StorageProxy.StartAsync(_storage);
        _host = await RunningHost.StartAsync(storage: _proxy.ConnectionString);
    }

    [TearDown]
    public async Task Stop()
    {
        await _host.DisposeAsync();
        await _proxy.DisposeAsync();
        await _caller.DisposeAsync();
    }

    [TestCase("the record is created", "POST", "/$batch", "\"Status\":\"starting\"")]
    [TestCase("the permit is taken", "POST", "/$batch", "turn_")]
    [TestCase("the claim", "POST", "/$batch", "\"Status\":\"processing\"")]
    [TestCase("the result is stored", "PUT", "/results/")]
    [TestCase("the end", "POST", "/$batch", "\"Status\":\"succeeded\"")]
    [TestCase("the message is sent", "POST", "/artworks/messages")]
    [TestCase("the message is deleted", "DELETE", "/artworks/messages/")]
    [TestCase("the webhook's message is sent", "POST", "/webhooks/messages")]
    [TestCase("the webhook's claim", "POST", "/$batch", "\"WebhookLeaseUntil\"")]
    [TestCase("the webhook's outcome", "POST", "/$batch", "delivery_")]
    public async Task A_lost_response_leaves_one_result_and_one_webhook(string _, params string[] parts)
    {
        var struck = _proxy.Strike(Fate.ResponseLost, times: 1, parts);
        var artwork = await _host.CutOutAsync(_caller.Serve(SmallPhotos.Of("scene-toycar.jpg")), _caller.WebhookUrl);
        var deliveries = await _caller.UntilDeliveredAsync(1);
        Assert.Multiple(() =>
        {
            Assert.That(struck(), Is.EqualTo(1));
            Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"));
            Assert.That(new BlobContainerClient(_storage, "results").GetBlobs().Count(), Is.EqualTo(1));
            Assert.That(deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(1));
        });
    }

    [TestCase("POST http", TestName = "A_key_with_one_permit_goes_on_when_the_response_to_taking_it_is_lost")]
    [TestCase("PUT http", TestName = "A_key_with_one_permit_goes_on_when_the_response_to_passing_it_on_is_lost")]
    [TestCase("DELETE /", TestName = "A_key_with_one_permit_goes_on_when_the_response_to_releasing_it_is_lost")]
    public async Task KeyWithOnePermit(string change)
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("single", concurrentJobs: 1));
        var photo = _caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        var struck = _proxy.Strike(Fate.ResponseLost, times: 1, change, "turn_");
        for (var i = 0; i < 3; i++)
            using (var accepted = await _host.SubmitAsync(new { imageUrl = photo.Url, webhook = _caller.WebhookUrl },
                client)) Assert.That((int)accepted.StatusCode, Is.EqualTo(202));
        photo.Answer.SetResult();
        // Sooner than the sweeper, which would find such a permit after two minutes.
        await _caller.UntilDeliveredAsync(3);
        await Eventually.HoldsAsync(() => struck() == 1, "the response was lost");
    }

    [Test]
    public async Task A_submission_counts_once_against_the_rate()
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("slow", ratePerMinute: 10, burst: 10));
        var struck = _proxy.Strike(Fate.ResponseLost, times: 1, "POST /", "/rates");
        using var first = await _host.SubmitAsync(new { imageUrl = _caller.Url + "/photo" }, client);
        var struckNew = struck();
        struck = _proxy.Strike(Fate.ResponseLost, times: 1, "PUT /", "/rates(");
        using var second = await _host.SubmitAsync(new { imageUrl = _caller.Url + "/photo" }, client);
        Assert.That((struckNew, struck()), Is.EqualTo((1, 1)));
        Assert.That(RemainingOf(second), Is.EqualTo(8).Or.EqualTo(9), "9 after the first, and part of one came back");
    }

    [Test]
    public async Task A_lost_response_about_an_idempotency_key_does_not_accept_twice()
    {
        var struck = _proxy.Strike(Fate.ResponseLost, times: 1, "POST", "/idempotency");
        var body = new { imageUrl = _caller.Serve(SmallPhotos.Of("scene-toycar.jpg")) };
        using var first = await _host.SubmitAsync(body, ("Idempotency-Key", "once"));
        using var second = await _host.SubmitAsync(body, ("Idempotency-Key", "once"));
        Assert.That(struck(), Is.EqualTo(1));
        Assert.That((await second.JsonAsync()).Text("id"), Is.EqualTo((await first.JsonAsync()).Text("id")));
        Assert.That((await _host.UntilEndedAsync((await first.JsonAsync()).Text("id")!)).Text("status"),
            Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task Requests_that_arrive_twice_change_nothing()
    {
        // A message that is received twice comes back only when its lease ends, each time.
        _proxy.Decide = request => request.StartsWith("GET", StringComparison.Ordinal) ? Fate.Passed : Fate.Twice;
        var artwork = await _host.CutOutAsync(_caller.Serve(SmallPhotos.Of("scene-toycar.jpg")), _caller.WebhookUrl);
        var deliveries = await _caller.UntilDeliveredAsync(1);
        Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"));
        Assert.That(deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(1));
    }

    private static int RemainingOf(HttpResponseMessage response)
    {
        var header = string.Join(',', response.Headers.GetValues("RateLimit"));
        var at = header.IndexOf("r=", StringComparison.Ordinal) + 2;
        return int.Parse(header[at..].Split(';', ',')[0], CultureInfo.InvariantCulture);
    }
}
