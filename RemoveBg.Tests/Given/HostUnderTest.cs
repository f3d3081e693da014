using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Configuration;
using RemoveBg.Core.Access;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given.Worker;

namespace RemoveBg.Tests.Given;

/// <summary>The hosts that run the functions.</summary>
public enum HostKind
{
    SelfHost,

    /// <summary>The published worker, behind the routing of the Functions host.</summary>
    Worker,
}

/// <summary>The same requests for either host.</summary>
internal sealed class HostUnderTest : IAsyncDisposable
{
    private readonly IAsyncDisposable _host;
    private readonly Uri _address;
    private readonly string _storage;
    private readonly Func<string, string, (string Name, string Value)?> _announce;

    private HostUnderTest(IAsyncDisposable host, HttpClient client, Uri address, string key, string storage,
        Func<string, string, (string Name, string Value)?> announce)
    {
        (_host, Client, _address, Key, _storage, _announce) = (host, client, address, key, storage, announce);
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Sends the API key.</summary>
    public HttpClient Client { get; }

    public string Key { get; }

    /// <param name="kind">The host.</param>
    /// <param name="settings">Settings, with colons in their names.</param>
    /// <param name="takesWork">Whether the SelfHost runs queues and timers. The worker waits for its host to do
    /// so.</param>
    public static async Task<HostUnderTest> StartAsync(HostKind kind,
        IReadOnlyDictionary<string, string>? settings = null, bool takesWork = true)
    {
        settings ??= new Dictionary<string, string>();
        if (kind == HostKind.SelfHost)
        {
            var host = await RunningHost.StartAsync(settings.ToDictionary(it => it.Key, string? (it) => it.Value),
                takesWork: takesWork);
            var address = host.Client.BaseAddress!;
            return new(host, new() { BaseAddress = address }, address, host.Secrets.ApiKey,
                host.ConnectionString, (_, _) => null);
        }
        var worker = await RunningWorker.StartAsync(settings.ToDictionary(
            it => it.Key.Replace(":", "__", StringComparison.Ordinal), it => it.Value));
        var router = new HostRouter(worker.Peer);
        return new(worker, new(router) { BaseAddress = worker.Peer.Address }, worker.Peer.Address, worker.Key,
            worker.ConnectionString, (method, path) => worker.Peer.AnnounceHttp(router.Find(method, path)!.Name));
    }

    /// <returns>The value of a new key.</returns>
    public async Task<string> AddKeyAsync(string name)
    {
        var storage = new StorageClients(new ConfigurationBuilder()
            .AddInMemoryCollection([new(StorageClients.ConnectionName, _storage)]).Build());
        var value = ApiKey.Generate();
        await new ApiKeyTable(storage, TimeProvider.System).PutAsync(new(name, name, ApiKey.HashOf(value), true, null,
            Scopes.All, RatePerMinute: 6000, Burst: 1000), CancellationToken.None);
        return value;
    }

    /// <summary>Sends a request over a socket and reads nothing before all of it is sent.</summary>
    /// <param name="headers">Complete lines without the line end.</param>
    /// <param name="bodyBytes">Length of the body, which is all spaces.</param>
    /// <param name="isChunked">True for chunks, false for a Content-Length.</param>
    /// <returns>Status, head and body of the response.</returns>
    /// <exception cref="IOException">The host reset the connection.</exception>
    public async Task<(int Status, string Head, string Body)> SendRawAsync(
        string method, string path, IReadOnlyList<string> headers, long bodyBytes, bool isChunked)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(_address.Host, _address.Port);
        var stream = socket.GetStream();
        var head = Head(method, path, headers);
        head.Append(isChunked ? "Transfer-Encoding: chunked\r\n" : $"Content-Length: {bodyBytes}\r\n").Append("\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()));

        var block = new byte[256 * 1024];
        Array.Fill(block, (byte)' ');
        for (long sent = 0; sent < bodyBytes;)
        {
            var part = block.AsMemory(0, (int)Math.Min(block.Length, bodyBytes - sent));
            if (isChunked) await stream.WriteAsync(Encoding.ASCII.GetBytes($"{part.Length:x}\r\n"));
            await stream.WriteAsync(part);
            if (isChunked) await stream.WriteAsync("\r\n"u8.ToArray());
            sent += part.Length;
        }
        if (isChunked) await stream.WriteAsync("0\r\n\r\n"u8.ToArray());
        return await ReadAsync(stream);
    }

    /// <summary>Sends a head that expects 100 (Continue), and reads what comes.</summary>
    public async Task<(int Status, string Head, string Body)> ExpectAsync(
        string method, string path, IReadOnlyList<string> headers, long bodyBytes)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(_address.Host, _address.Port);
        var stream = socket.GetStream();
        var head = Head(method, path, headers);
        head.Append($"Content-Length: {bodyBytes}\r\nExpect: 100-continue\r\n\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()));
        return await ReadAsync(stream);
    }

    private StringBuilder Head(string method, string path, IReadOnlyList<string> headers)
    {
        var head = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: {_address.Authority}\r\n");
        if (_announce(method, path) is { } invocation) head.Append($"{invocation.Name}: {invocation.Value}\r\n");
        foreach (var header in headers) head.Append(header).Append("\r\n");
        return head;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.DisposeAsync();
    }

    private static async Task<(int Status, string Head, string Body)> ReadAsync(NetworkStream stream)
    {
        // As a client does: the head, and as many bytes as it announces.
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var head = new List<string>();
        while (await reader.ReadLineAsync() is { Length: > 0 } line) head.Add(line);
        if (head.Count == 0) throw new IOException("The connection was closed without a response.");
        var length = head.Single(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var body = new char[int.Parse(length.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)];
        await reader.ReadBlockAsync(body);
        var status = int.Parse(head[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        return (status, string.Join('\n', head), new(body));
    }
}
