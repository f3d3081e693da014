using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Segmentation;
using RemoveBg.Core.Store;
using RemoveBg.Functions;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>Processes that do one part of the service.</summary>
public sealed class RoleTests : HandRunTests
{
    [TestCase("all", true)]
    [TestCase("web", false)]
    [TestCase("worker", true)]
    [TestCase("sweeper", false)]
    public async Task Every_role_is_alive_and_ready_and_only_those_that_cut_out_photos_load_the_model(string role,
        bool hasModel)
    {
        await using var host = await StartAsync(role);
        using var alive = await host.Client.GetAsync("/healthz");
        using var response = await host.Client.GetAsync("/readyz");
        var ready = await response.JsonAsync();
        Assert.Multiple(() =>
        {
            Assert.That(((int)alive.StatusCode, (int)response.StatusCode), Is.EqualTo((200, 200)));
            Assert.That((ready.Text("status"), ready.Text("role")), Is.EqualTo(("ready", role)));
            Assert.That(ready.TryGetProperty("model", out var model) ? model.GetString() : null,
                Is.EqualTo(hasModel ? "removebg" : null));
            Assert.That(ready.TryGetProperty("provider", out var provider) ? provider.GetString() : null,
                Is.EqualTo(hasModel ? "cpu" : null));
            Assert.That(host.Get<ModelCache>().IsReady, Is.EqualTo(hasModel));
        });
    }

    [Test]
    public async Task The_page_of_a_process_without_a_model_names_the_workers()
    {
        await using var host = await StartAsync("web");
        Assert.That(await host.Client.GetStringAsync("/"), Does.Contain("\"model\":\"removebg\""));
        Assert.That(host.Get<ModelCache>().IsReady, Is.False);
    }

    [Test]
    public async Task The_page_of_a_process_that_finds_no_network_names_none()
    {
        using var empty = new TemporaryFolder();
        await using var host = await RunningHost.StartAsync(
            new() { ["RemoveBg:Model:Folders"] = empty.Path, ["RemoveBg:Model:Cache"] = empty.Path },
            storage: Host.ConnectionString, role: ServiceRole.Web);
        Assert.That(await host.Client.GetStringAsync("/"), Does.Contain("\"model\":null"));
    }

    [Test]
    public async Task A_process_is_not_ready_before_its_network_is_loaded()
    {
        using var opened = new ManualResetEventSlim();
        using var unready = new ModelCache(Host.Get<ModelCatalog>(), Host.Get<IOptions<ModelOptions>>(),
            Host.Get<IConfiguration>(), Host.Get<ILogger<ModelCache>>(), new SlowLoader(opened));
        var health = new HealthHttp(Host.Get<StorageSetup>(), unready, Host.Get<DiskSpace>(), ServiceRole.Worker,
            Host.Get<ILogger<HealthHttp>>());
        var request = new DefaultHttpContext().Request;
        await unready.StartAsync(CancellationToken.None);
        var before = health.Ready(request, CancellationToken.None);
        await Eventually.HoldsAsync(() => before.IsCompleted, "it answers");
        Assert.That((await before as IStatusCodeHttpResult)?.StatusCode, Is.EqualTo(503));
        opened.Set();
        await unready.GetAsync(CancellationToken.None);
        var after = await health.Ready(request, CancellationToken.None);
        Assert.That((after as IStatusCodeHttpResult)?.StatusCode ?? 200, Is.EqualTo(200));
        await unready.DisposeAsync();
    }

    [Test]
    public async Task Workers_and_sweepers_serve_nothing_but_the_health_checks(
        [Values("worker", "sweeper")] string role,
        [Values("/", "/docs", "/openapi.json", "/v2/artworks", "/v1.0/account", "/nothing")] string path)
    {
        await using var host = await StartAsync(role);
        using var client = new HttpClient { BaseAddress = host.Client.BaseAddress };
        using var response = await client.GetAsync(path);
        await Errors.AssertShapeAsync(response, 404, "Not Found");
        Assert.That((await response.JsonAsync()).Text("message"), Is.EqualTo($"This process has the role {role} and "
            + "serves only /healthz and /readyz. Send requests to one with the role web or all."));
        using var posted = await client.PostAsync("/v2/artworks/remove-background", new StringContent("{}"));
        Assert.That(posted.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Only_a_worker_takes_messages()
    {
        await using var sweeper = await StartAsync("sweeper");
        var id = await SubmitAsync(Photo);
        await using var web = await StartAsync("web");
        // Both were there first, and have not.
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(1));
        // By the real clock: its pumps poll.
        await using var worker = await RunningHost.StartAsync(storage: Host.ConnectionString, role: ServiceRole.Worker);
        Assert.That((await Host.UntilEndedAsync(id)).Text("status"), Is.EqualTo("succeeded"));
        await Caller.UntilDeliveredAsync(1);
    }

    [TestCase("web", false)]
    [TestCase("worker", false)]
    [TestCase("sweeper", true)]
    public async Task Only_a_sweeper_sends_lost_messages_again(string role, bool sends)
    {
        var id = await SubmitAsync(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await using var host = await StartAsync(role);
        if (sends)
            await Eventually.HoldsAsync(async () => await WaitingAsync(ArtworkQueues.Artworks) == 1, "sent again");
        else Clock.RunFor(TimeSpan.FromMinutes(2));
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(sends ? 1 : 0));
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Starting));
    }

    private sealed class SlowLoader(ManualResetEventSlim opened) : SegmenterLoader
    {
        public override Segmenter Open(FoundModel model, ModelOptions options, bool keepsMemory)
        {
            opened.Wait();
            return base.Open(model, options, keepsMemory);
        }
    }

    private Task<RunningHost> StartAsync(string role) => RunningHost.StartAsync(
        services: services => services.AddSingleton<TimeProvider>(Clock), storage: Host.ConnectionString,
        role: ServiceRole.Find(role));
}
