using Azure.Storage.Queues;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;

namespace RemoveBg.Tests.Given;

/// <summary>A host whose triggers are off and whose clock stands still: each test hands out the messages and moves the time.</summary>
public abstract class HandRunTests
{
    internal RunningHost Host { get; private set; } = null!;

    internal Caller Caller { get; private set; } = null!;

    internal FakeTimeProvider Clock { get; private set; } = null!;

    protected string Photo { get; private set; } = null!;

    [SetUp]
    public async Task Start()
    {
        Caller = await Caller.Start();
        Photo = Caller.Serve(Repo.Sample("scene-toycar.jpg"));
        // Storage compares expiries with the real time, so the fake one starts there.
        Clock = new(TimeProvider.System.GetUtcNow());
        Host = await RunningHost.Start(new() { ["RemoveBg:Process:Lease"] = "00:00:06" }, services: services => services.AddSingleton<TimeProvider>(Clock), takesWork: false);
    }

    [TearDown]
    public async Task Stop()
    {
        await Host.DisposeAsync();
        await Caller.DisposeAsync();
    }

    protected async Task<string> Submit(string imageUrl, HttpClient? client = null)
    {
        using var response = await Host.Submit(new { imageUrl, webhook = Caller.WebhookUrl }, client);
        return (await response.Json()).Text("id")!;
    }

    protected Task Process(string id, int attempt) => Host.Get<ProcessArtwork>().Process(Message(id, attempt), CancellationToken.None);

    protected Task Deliver(string id, int attempt) => Host.Get<DeliverWebhook>().Deliver(Message(id, attempt), CancellationToken.None);

    protected Task Sweep() => Host.Get<SweepArtworks>().Sweep(CancellationToken.None);

    protected ArtworkTable Table() => Host.Get<ArtworkTable>();

    protected async Task<Artwork> Find(string id) => (await Table().Find(Guid.Parse(id), CancellationToken.None))!;

    protected QueueClient Queue(string name) => new(Host.ConnectionString, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    /// <summary>Messages that a worker could take now.</summary>
    protected async Task<int> Waiting(string queue) => (await Queue(queue).PeekMessagesAsync(32)).Value.Length;

    protected static string Message(string id, int attempt) => new ArtworkMessage(1, Guid.Parse(id), attempt).ToJson();
}
