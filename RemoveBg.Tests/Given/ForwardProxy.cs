using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RemoveBg.Tests.Given;

/// <summary>A forward proxy on loopback that leads every host to one local server, and refuses tunnels.</summary>
internal sealed class ForwardProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _server;
    private readonly Task _serving;

    /// <param name="server">Address of the local server.</param>
    public ForwardProxy(string server)
    {
        _server = new(server);
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Heads of the requests so far.</summary>
    public ConcurrentQueue<string> Heads { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ForwardAsync(await _listener.AcceptTcpClientAsync()));
        }
        catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            var head = await ReadHeadAsync(stream);
            Heads.Enqueue(head);
            if (head.StartsWith("CONNECT ", StringComparison.Ordinal))
            {
                await stream.WriteAsync("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                return;
            }
            using var server = new TcpClient();
            await server.ConnectAsync(_server.Host, _server.Port);
            // From the absolute form to the origin form (RFC 9112, section 3.2).
            var words = head.Split(' ', 3);
            var origin = $"{words[0]} {new Uri(words[1]).PathAndQuery} {words[2]}"
                .Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal);
            await server.GetStream().WriteAsync(Encoding.Latin1.GetBytes(origin));
            await server.GetStream().CopyToAsync(stream);
        }
        catch (IOException)
        {
            // The client has left.
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)
            && await stream.ReadAsync(one) > 0) head.Append((char)one[0]);
        return head.ToString();
    }
}
