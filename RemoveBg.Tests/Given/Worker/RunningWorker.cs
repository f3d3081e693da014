using System.Net.Http.Headers;
using System.Text;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;

namespace RemoveBg.Tests.Given.Worker;

/// <summary>
/// The published app in a worker process, with storage and an API key of its own. The test invokes its functions.
/// </summary>
internal sealed class RunningWorker : IAsyncDisposable
{
    private readonly string _key = ApiKey.Generate();

    private readonly QueueMessageEncoding _encoding;

    private RunningWorker(WorkerPeer peer, string connection, QueueMessageEncoding encoding) =>
        (Peer, ConnectionString, _encoding) = (peer, connection, encoding);

    public WorkerPeer Peer { get; }

    /// <summary>The API key.</summary>
    public string Key => _key;

    public string ConnectionString { get; }

    /// <param name="environment">App settings besides the connection string and the webhook secret.</param>
    /// <param name="folder">The published app; null for the package of this test run.</param>
    /// <param name="storage">Connection string for this side of the test; null for a new account.</param>
    /// <param name="workerStorage">The worker's connection string to the same account; null for the same.</param>
    public static async Task<RunningWorker> StartAsync(
        IReadOnlyDictionary<string, string>? environment = null, string? folder = null, string? storage = null,
        string? workerStorage = null)
    {
        var connection = storage ?? Storage.NewAccount();
        folder ??= await PublishedFunctions.FolderAsync();
        var all = new Dictionary<string, string>(environment ?? new Dictionary<string, string>());
        all.TryAdd("RemoveBg__Webhook__Secrets", WebhookSigner.GenerateSecret());
        var peer = await WorkerPeer.StartAsync(folder, workerStorage ?? connection, all);
        var worker = new RunningWorker(peer, connection, EncodingOf(Path.Combine(folder, "host.json")));
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([new(StorageClients.ConnectionName, connection)]).Build();
        var clients = new StorageClients(settings);
        // The worker creates its tables and queues as it starts.
        await Eventually.HoldsAsync(
            async () => await clients.Queue("webhooks").ExistsAsync() && await clients.Queue("artworks").ExistsAsync(),
            "the worker has set up its storage");
        await clients.Table("keys").CreateIfNotExistsAsync();
        await new ApiKeyTable(clients, TimeProvider.System).PutAsync(
            new("test", "test", ApiKey.HashOf(worker._key), true, null, Scopes.All, RatePerMinute: 6000, Burst: 1000),
            CancellationToken.None);
        return worker;
    }

    /// <summary>A request with the API key.</summary>
    /// <param name="content">Null for no body; a string is sent as JSON.</param>
    public HttpRequestMessage Request(HttpMethod method, string path, object? content = null)
    {
        var request = new HttpRequestMessage(method, path)
        {
            Content = content is string json
                ? new StringContent(json, Encoding.UTF8, "application/json")
                : content as HttpContent,
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _key);
        return request;
    }

    /// <summary>Invokes an HTTP function with the API key.</summary>
    public Task<HttpInvocation> InvokeAsync(
        string function, HttpMethod method, string path, object? content = null, bool isStreamed = false) =>
        Peer.InvokeHttpAsync(function, Request(method, path, content), isStreamed);

    /// <summary>Takes the next message of a queue, as the host does, and invokes the function with it.</summary>
    /// <returns>Null if the queue has no message.</returns>
    public async Task<InvocationOutcome?> ForwardMessageAsync(string queue, string function)
    {
        var client = new QueueClient(ConnectionString, queue, new QueueClientOptions { MessageEncoding = _encoding });
        if ((await client.ReceiveMessageAsync()).Value is not { } message) return null;
        var outcome = await Peer.InvokeQueueAsync(function, message.Body.ToString());
        if (outcome.IsSuccess) await client.DeleteMessageAsync(message.MessageId, message.PopReceipt);
        return outcome;
    }

    /// <summary>Waits for a queue's next message, and invokes the function with it, which must succeed.</summary>
    public async Task ForwardNextAsync(string queue, string function)
    {
        InvocationOutcome? outcome = null;
        await Eventually.HoldsAsync(async () =>
            (outcome = await ForwardMessageAsync(queue, function)) is not null, $"{queue} has a message");
        Assert.That(outcome!.IsSuccess, outcome.Exception);
    }

    /// <summary>Whether a queue has a visible message.</summary>
    public async Task<bool> HasMessageAsync(string queue) =>
        (await new QueueClient(ConnectionString, queue).PeekMessageAsync()).Value is not null;

    /// <summary>Forwards a queue's messages until a call that depends on them has returned.</summary>
    public async Task<T> ForwardMessagesUntilAsync<T>(Task<T> call, string queue, string function)
    {
        await Eventually.HoldsAsync(async () =>
        {
            if (await ForwardMessageAsync(queue, function) is { IsSuccess: false } failed)
                throw new AssertionException($"{function} failed: {failed.Exception}");
            return call.IsCompleted;
        }, "the call returns");
        return await call;
    }

    public ValueTask DisposeAsync() => Peer.DisposeAsync();

    private static QueueMessageEncoding EncodingOf(string hostJson)
    {
        var settings = new ConfigurationBuilder().AddJsonFile(hostJson).Build();
        var isNone = settings["extensions:queues:messageEncoding"] == "none";
        return isNone ? QueueMessageEncoding.None : QueueMessageEncoding.Base64;
    }
}
