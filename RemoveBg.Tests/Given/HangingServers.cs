using System.Net;
using System.Net.Sockets;

namespace RemoveBg.Tests.Given;

/// <summary>Servers on ports of their own that accept connections and never answer.</summary>
internal sealed class HangingServers : IDisposable
{
    private readonly List<TcpListener> _listeners = [];
    private readonly List<Socket> _held = [];

    public HangingServers(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            _listeners.Add(listener);
            _ = HoldAsync(listener);
        }
    }

    public IReadOnlyList<string> Urls => [.. _listeners.Select(listener => $"http://{listener.LocalEndpoint}/hang")];

    /// <summary>Connections that clients have not closed.</summary>
    public int Open
    {
        get
        {
            lock (_held) return _held.Count(socket => !IsClosed(socket));
        }
    }

    public void Dispose()
    {
        foreach (var listener in _listeners) listener.Dispose();
        lock (_held)
            foreach (var socket in _held) socket.Dispose();
    }

    /// <summary>A socket that is readable without data has been closed by the client; the request itself is read
    /// here.</summary>
    private static bool IsClosed(Socket socket)
    {
        while (socket.Available > 0) socket.Receive(new byte[socket.Available]);
        return socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;
    }

    private async Task HoldAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync();
                lock (_held) _held.Add(socket);
            }
        }
        catch (Exception problem) when (problem is ObjectDisposedException or SocketException)
        {
            // Disposed.
        }
    }
}
