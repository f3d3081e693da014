using Azure.Storage.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;

namespace RemoveBg.Tests.Given;

/// <summary>A host whose triggers are off and whose clock stands still: each test hands out the
/// messages and moves the time.</summary>
public abstract class HandRunTests
{
    internal RunningHost Host { get; private set; } = null!;

    internal Caller Caller { get; private set; } = null!;

    internal FakeTimeProvider Clock { get; private set; } = null!;

    protected string Photo { get; private set; } = null!;

    [SetUp]
    public async Task Start()
    {
        Caller = await Caller.StartAsync();
        Photo = Caller.Serve(SmallPhotos.Of("scene-toycar.jpg"));
        // Storage compares expiries with the real time, so the fake one starts there.
        Clock = new(TimeProvider.System.GetUtcNow());
        Host = await RunningHost.StartAsync(new() { ["RemoveBg:Process:Lease"] = "00:00:06" },
            services: services => AddTo(services.AddSingleton<TimeProvider>(Clock)), takesWork: false,
            storage: await OpenStorageAsync());
    }

    /// <summary>Adds to the host's services.</summary>
    protected virtual void AddTo(IServiceCollection services)
    {
    }

    /// <summary>Returns the connection string of an account for the host.</summary>
    protected virtual Task<string> OpenStorageAsync() => Task.FromResult(Storage.NewAccount());

    [TearDown]
    public async Task Stop()
    {
        await Host.DisposeAsync();
        await Caller.DisposeAsync();
    }

    protected async Task<string> SubmitAsync(string imageUrl, HttpClient? client = null)
    {
        using var response = await Host.SubmitAsync(new { imageUrl, webhook = Caller.WebhookUrl }, client);
        return (await response.JsonAsync()).Text("id")!;
    }

    /// <summary>A worker that has its claim and waits for the photo's server.</summary>
    /// <param name="status">What the server responds with.</param>
    internal async Task<(HeldPhoto Photo, string Id, Task Work)> BeginAsync(int status = StatusCodes.Status200OK)
    {
        var photo = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"), status: status);
        var id = await SubmitAsync(photo.Url);
        var work = ProcessAsync(id, 1);
        await photo.Asked;
        return (photo, id, work);
    }

    protected Task ProcessAsync(string id, int attempt) =>
        Host.Get<ProcessArtwork>().ProcessAsync(Message(id, attempt), CancellationToken.None);

    protected Task DeliverAsync(string id, int attempt) =>
        Host.Get<DeliverWebhook>().DeliverAsync(Message(id, attempt), CancellationToken.None);

    protected Task SweepAsync() => Host.Get<SweepArtworks>().SweepAsync(CancellationToken.None);

    protected ArtworkTable Table() => Host.Get<ArtworkTable>();

    protected async Task<Artwork> FindAsync(string id) =>
        (await Table().FindAsync(Guid.Parse(id), CancellationToken.None))!;

    protected QueueClient Queue(string name) =>
        new(Host.ConnectionString, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    /// <summary>Messages that a worker could take now.</summary>
    protected async Task<int> WaitingAsync(string queue) => (await Queue(queue).PeekMessagesAsync(32)).Value.Length;

    protected static string Message(string id, int attempt) => new ArtworkMessage(1, Guid.Parse(id), attempt).ToJson();
}
