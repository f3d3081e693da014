using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Network;

namespace RemoveBg.Core.Store;

/// <summary>Creates clients for the storage account that the Functions host uses.</summary>
/// <remarks>The setting <c>AzureWebJobsStorage</c> is either a connection string, or
/// <c>AzureWebJobsStorage:accountName</c> (or <c>:blobServiceUri</c>, <c>:queueServiceUri</c>, <c>:tableServiceUri</c>)
/// with an identity: a managed one (<c>:credential=managedidentity</c>), a Kubernetes service account's
/// (<c>:credential=workloadidentity</c>), or whatever DefaultAzureCredential finds; <c>:clientId</c> selects
/// one.</remarks>
public sealed class StorageClients
{
    public const string ConnectionName = "AzureWebJobsStorage";

    /// <summary>The SDK's usual transport, with a proxy that spares loopback.</summary>
    private static readonly HttpClientTransport Transport = new(new HttpClient(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxConnectionsPerServer = 50,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        Proxy = EnvironmentProxy.Create(),
    }) { Timeout = Timeout.InfiniteTimeSpan });

    private readonly RecreateMissing _recreate = new();
    private readonly TableServiceClient _tables;
    private readonly QueueServiceClient _queues, _undecodedQueues;

    /// <param name="configuration">Contains the setting.</param>
    /// <param name="clock">Compared with each response; null if no time depends on it.</param>
    public StorageClients(IConfiguration configuration, StorageClock? clock = null)
    {
        var blobOptions = Prepared(new BlobClientOptions(), clock);
        var queueOptions = Prepared(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }, clock);
        var undecodedOptions = Prepared(new QueueClientOptions(), clock);
        var tableOptions = Prepared(new TableClientOptions(), clock);
        if (configuration[ConnectionName] is { Length: > 0 } connection)
        {
            Blobs = new(connection, blobOptions);
            _queues = new(connection, queueOptions);
            _undecodedQueues = new(connection, undecodedOptions);
            _tables = new(connection, tableOptions);
            return;
        }

        var section = configuration.GetSection(ConnectionName);
        var credential = Credential(section);
        Blobs = new(Address(section, "blob"), credential, blobOptions);
        _queues = new(Address(section, "queue"), credential, queueOptions);
        _undecodedQueues = new(Address(section, "queue"), credential, undecodedOptions);
        _tables = new(Address(section, "table"), credential, tableOptions);
    }

    public BlobServiceClient Blobs { get; }

    /// <summary>Creates the tables, queues and containers that are missing, when a response says that one is. Null:
    /// the request fails.</summary>
    internal Func<CancellationToken, Task>? Recreate { set => _recreate.Create = value; }

    public TableClient Table(string name) => _tables.GetTableClient(name);

    /// <summary>Returns a client that encodes messages in base64, as the Functions host expects.</summary>
    public QueueClient Queue(string name) => _queues.GetQueueClient(name);

    /// <summary>Returns a client that leaves messages as stored, and so can receive one that is not base64.</summary>
    public QueueClient UndecodedQueue(string name) => _undecodedQueues.GetQueueClient(name);

    public BlobContainerClient Container(string name) => Blobs.GetBlobContainerClient(name);

    private static Uri Address(IConfigurationSection section, string service)
    {
        if (section[$"{service}ServiceUri"] is { Length: > 0 } address) return new(address);
        if (section["accountName"] is { Length: > 0 } account)
            return new($"https://{account}.{service}.core.windows.net");
        throw new InvalidOperationException(
            $"Setting {ConnectionName} is missing: give a connection string, or {ConnectionName}__accountName to use a "
                + "managed identity.");
    }

    /// <exception cref="InvalidOperationException">The kind of credential is unknown.</exception>
    internal static TokenCredential Credential(IConfigurationSection section)
    {
        var client = section["clientId"] is { Length: > 0 } given ? given : null;
        return section["credential"]?.ToLowerInvariant() switch
        {
            null or "" => new DefaultAzureCredential(new DefaultAzureCredentialOptions
            {
                ManagedIdentityClientId = client, WorkloadIdentityClientId = client,
            }),
            "managedidentity" => new ManagedIdentityCredential(
                client is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(client)),
            // Without a client, the one that the cluster's webhook has written into the environment.
            "workloadidentity" => new WorkloadIdentityCredential(client is null ? new()
                : new WorkloadIdentityCredentialOptions { ClientId = client }),
            _ => throw new InvalidOperationException($"{ConnectionName}__credential must be managedidentity, "
                + $"workloadidentity or empty, not '{section["credential"]}'."),
        };
    }

    /// <summary>Limits retries to seconds instead of the SDK's minutes, because a caller waits for most
    /// calls.</summary>
    private T Prepared<T>(T options, StorageClock? clock) where T : ClientOptions
    {
        options.Transport = Transport;
        options.AddPolicy(_recreate, HttpPipelinePosition.PerCall);
        // Per try: a retry waits between request and response.
        if (clock is not null) options.AddPolicy(clock.Policy, HttpPipelinePosition.PerRetry);
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = 3;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(2);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(15);
        options.RetryPolicy = new BoundedRetry(options.Retry);
        return options;
    }
}
