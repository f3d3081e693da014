using System.Net;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Network;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Faults from outside while a job runs: frozen workers, storage that stops answering, receivers that
/// misbehave, keys that go. The tests mostly wait, so they run at once.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FaultTests
{
    private Caller _caller = null!;

    [SetUp]
    public async Task Start() => _caller = await Caller.StartAsync();

    [TearDown]
    public async Task Stop() => await _caller.DisposeAsync();

    [Test]
    public async Task A_worker_frozen_past_its_lease_does_not_undo_another_workers_result()
    {
        var (asked, answer, requests) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        var photo = _caller.ServePage("/first-held.jpg", async context =>
        {
            // Only the first worker is held.
            if (Interlocked.Increment(ref requests) == 1)
            {
                asked.SetResult();
                await answer.Task;
            }
            await context.Response.SendFileAsync(SmallPhotos.Of("scene-toycar.jpg"));
        });
        var storage = Storage.NewAccount();
        using var frozen = await HostProcess.StartAsync(storage);
        var id = await frozen.SubmitAsync(photo, _caller.WebhookUrl);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        frozen.Signal("STOP");

        using var other = await HostProcess.StartAsync(storage);
        await Eventually.HoldsAsync(async () => await other.StatusAsync(id) == "succeeded",
            "the other worker takes over", TimeSpan.FromSeconds(120));
        await _caller.UntilDeliveredAsync(1);
        var results = new BlobContainerClient(storage, "results");
        var before = results.GetBlobs().Single();

        frozen.Signal("CONT");
        answer.SetResult();
        await frozen.UntilSaidAsync("dropped the result");
        Assert.That(await other.StatusAsync(id), Is.EqualTo("succeeded"));
        Assert.That(results.GetBlobs().Single().Name, Is.EqualTo(before.Name));
        Assert.That(_caller.Deliveries, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Storage_that_fails_during_a_job_delays_it_and_loses_nothing()
    {
        await using var azurite = await Azurite.StartAsync(Repo.Root, data: null, CancellationToken.None);
        var photo = _caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        await using var host = await RunningHost.StartAsync(storage: azurite.ConnectionString);
        using var submitted = await host.SubmitAsync(new { imageUrl = photo.Url, webhook = _caller.WebhookUrl });
        var id = (await submitted.JsonAsync()).Text("id")!;
        await photo.Asked;

        using var requests = new StorageRequests(azurite.ConnectionString);
        HostProcess.Signal(azurite.ProcessId!.Value, "STOP");
        photo.Answer.SetResult();
        await Eventually.HoldsAsync(() => requests.Retries > 0, "the storage client tries again");
        HostProcess.Signal(azurite.ProcessId.Value, "CONT");

        Assert.That((await host.UntilEndedAsync(id)).Text("status"), Is.EqualTo("succeeded"));
        Assert.That((await _caller.UntilDeliveredAsync(1)).Select(delivery => delivery.Id).Distinct().Count(),
            Is.EqualTo(1));
    }

    [Test]
    public async Task A_slow_source_does_not_delay_other_jobs()
    {
        var slow = _caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        // One slot, and a source whose timeout is longer than the test's.
        await using var host = await RunningHost.StartAsync(new()
        {
            ["RemoveBg:Process:Concurrency"] = "1",
            ["RemoveBg:Fetch:TotalTimeout"] = "00:05:00",
            ["RemoveBg:Fetch:IdleTimeout"] = "00:05:00",
        });
        using var submitted = await host.SubmitAsync(new { imageUrl = slow.Url });
        await slow.Asked;
        Assert.That((await host.CutOutAsync(_caller.Serve(SmallPhotos.Of("scene-toycar.jpg")))).Text("status"),
            Is.EqualTo("succeeded"));
        slow.Answer.SetResult();
        Assert.That((await host.UntilEndedAsync((await submitted.JsonAsync()).Text("id")!)).Text("status"),
            Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task A_key_with_slow_sources_delays_only_itself()
    {
        var slow = _caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Fetch:TotalTimeout"] = "00:05:00",
            ["RemoveBg:Fetch:IdleTimeout"] = "00:05:00" });
        using var busy = host.ClientWith(await host.AddKeyAsync("busy"));
        // More than an instance reads at once.
        var jobs = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            using var submitted = await host.SubmitAsync(new { imageUrl = slow.Url }, busy);
            jobs.Add((await submitted.JsonAsync()).Text("id")!);
        }
        await Eventually.HoldsAsync(() => _caller.Hits("/held.jpg") == 4, "the busy key has all it may have at once");
        Assert.That((await host.CutOutAsync(_caller.Serve(SmallPhotos.Of("scene-toycar.jpg")))).Text("status"),
            Is.EqualTo("succeeded"));
        Assert.That(_caller.Hits("/held.jpg"), Is.EqualTo(4), "and not one more");

        slow.Answer.SetResult();
        foreach (var id in jobs)
            await Eventually.HoldsAsync(async () =>
            {
                using var read = await busy.GetAsync($"/v2/artworks/{id}");
                return (await read.JsonAsync()).Text("status") == "succeeded";
            }, $"artwork {id} is done too");
    }

    [Test]
    public async Task A_200_with_an_endless_body_counts_as_delivered()
    {
        _caller.OnDelivery = async (_, context) =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(new byte[64 * 1024], context.RequestAborted);
        };
        await using var host = await RunningHost.StartAsync();
        var artwork = await host.CutOutAsync(_caller.Serve(SmallPhotos.Of("scene-toycar.jpg")), _caller.WebhookUrl);
        await Eventually.HoldsAsync(async () => await WebhookStatusOfAsync(host, artwork.Text("id")!) == "delivered",
            "the headers decide", TimeSpan.FromSeconds(10));
    }

    [Test]
    public async Task A_hanging_receiver_times_out_and_does_not_delay_others()
    {
        var hanging = _caller.ServePage("/hang", context => context.RequestAborted.AsTaskAsync());
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Webhook:Timeout"] = "00:00:03" });
        var photo = _caller.Serve(SmallPhotos.Of("scene-toycar.jpg"));
        var stuck = await host.CutOutAsync(photo, hanging);
        await Eventually.HoldsAsync(() => _caller.Hits("/hang") == 1, "the hanging receiver has been asked");
        await host.CutOutAsync(photo, _caller.WebhookUrl);
        await _caller.UntilDeliveredAsync(1);
        await Eventually.HoldsAsync(async () =>
            (await AttemptsAsync(host, stuck.Text("id")!)).FirstOrDefault() == "timeout", "the attempt has timed out");
    }

    [Test]
    public async Task A_hanging_receiver_takes_only_its_own_slots()
    {
        var letGo = new TaskCompletionSource();
        var hanging = _caller.ServePage("/hang", _ => letGo.Task);
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Webhook:Timeout"] = "00:01:00" });
        var photo = _caller.Serve(SmallPhotos.Of("scene-toycar.jpg"));
        // More than an instance reads at once.
        for (var i = 0; i < 20; i++) (await host.SubmitAsync(new { imageUrl = photo, webhook = hanging })).Dispose();
        await Eventually.HoldsAsync(() => _caller.Hits("/hang") == 3,
            "the hanging receiver has all it may have at once");
        // Another receiver: another port.
        await using var other = await Caller.StartAsync();
        await host.CutOutAsync(photo, other.WebhookUrl);
        await other.UntilDeliveredAsync(1);
        Assert.That(_caller.Hits("/hang"), Is.EqualTo(3));
        letGo.SetResult();
    }

    [Test]
    public async Task A_receiver_whose_name_now_resolves_to_a_private_address_is_not_connected()
    {
        await using var host =
            await RunningHost.StartAsync(services: services => services.AddSingleton<IAddressLookup>(new Private()));
        var artwork = await host.CutOutAsync(_caller.Serve(SmallPhotos.Of("scene-toycar.jpg")),
            "https://hooks.some-shop.net/removebg");
        await Eventually.HoldsAsync(async () => (await AttemptsAsync(host, artwork.Text("id")!)).FirstOrDefault()
            == "unreachable", "the attempt has failed");
    }

    [Test]
    public async Task A_key_that_is_disabled_while_its_job_waits_gets_the_job_done_but_cannot_read_it()
    {
        var photo = _caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        await using var host = await RunningHost.StartAsync();
        var key = await host.AddKeyAsync("leaver");
        using var client = host.ClientWith(key);
        using var submitted = await client.PostAsync("/v2/artworks/remove-background", new StringContent(
            $$"""{"imageUrl":"{{photo.Url}}","webhook":"{{_caller.WebhookUrl}}"}""", System.Text.Encoding.UTF8,
                "application/json"));
        var id = (await submitted.JsonAsync()).Text("id")!;
        await photo.Asked;
        await host.Get<Core.Access.ApiKeyTable>().PutAsync(
            new("leaver", "leaver", Core.Access.ApiKey.HashOf(key), IsEnabled: false, null, Core.Access.Scopes.All, 60,
                10), CancellationToken.None);
        photo.Answer.SetResult();
        Assert.That((await _caller.UntilDeliveredAsync(1))[0].Text, Does.Contain("\"succeeded\""));
        await Eventually.HoldsAsync(async () =>
        {
            using var read = await client.GetAsync($"/v2/artworks/{id}");
            return read.StatusCode == HttpStatusCode.Forbidden;
        }, "the key is refused");
    }

    [Test]
    public void A_message_of_a_later_minor_format_is_still_read() =>
        Assert.That(ArtworkMessage.TryParse(
            """{"v":1,"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","attempt":2,"priority":"high"}"""),
            Is.EqualTo(new ArtworkMessage(1, Guid.Parse("3fa85f64-5717-4562-b3fc-2c963f66afa6"), 2)));

    private static async Task<string?> WebhookStatusOfAsync(RunningHost host, string id)
    {
        using var response = await host.Client.GetAsync($"/v2/artworks/{id}/webhook-deliveries");
        return (await response.JsonAsync()).Text("status");
    }

    private static async Task<List<string?>> AttemptsAsync(RunningHost host, string id)
    {
        using var response = await host.Client.GetAsync($"/v2/artworks/{id}/webhook-deliveries");
        return [
            .. (await response.JsonAsync()).GetProperty("items").EnumerateArray().Select(item => item.Text("outcome"))];
    }

    private sealed class Private : IAddressLookup
    {
        public Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken) =>
            Task.FromResult<IPAddress[]>([IPAddress.Parse("10.1.2.3")]);
    }
}
