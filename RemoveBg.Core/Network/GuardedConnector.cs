using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Network;

/// <summary>Resolves host names; an interface so that tests can replace DNS.</summary>
public interface IAddressLookup
{
    Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken);
}

public sealed class DnsLookup : IAddressLookup
{
    public Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, cancellationToken);
}

/// <summary>The guard refused a connection. For the log only: to the caller it looks like an unreachable
/// host.</summary>
public sealed class BlockedAddressException(string host, IPAddress address)
    : IOException($"{host} leads to {address}, which is not publicly routable.");

/// <summary>Opens every outgoing connection to an address that a caller chose.</summary>
/// <remarks>It resolves the name once, refuses the host if any of its addresses is not public, and connects to an
/// address that it has checked, so that nothing can change in between (DNS rebinding).</remarks>
public sealed class GuardedConnector(IAddressLookup lookup, IOptions<NetworkOptions> options)
{
    private readonly OutboundProxy? _proxy = OutboundProxy.Of(options.Value);

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context,
        CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host.Trim('[', ']');
        // The operator's own proxy may have a private address.
        if (_proxy?.Is(context.DnsEndPoint) == true) return await OpenAsync(context.DnsEndPoint, cancellationToken);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal]
            : await LookupInTimeAsync(host, cancellationToken);
        foreach (var address in addresses)
            if (!IsAllowed(address)) throw new BlockedAddressException(host, address);

        SocketException? last = null;
        foreach (var address in addresses)
        {
            try
            {
                return await OpenAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellationToken);
            }
            catch (SocketException problem)
            {
                last = problem;
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>Creates a handler whose connections all go through this guard.</summary>
    /// <remarks>No proxy of the environment, which would connect in its place; no automatic redirects, cookies or
    /// decompression (a small body could become huge); no trace ids for untrusted servers.</remarks>
    public SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = ConnectAsync,
        UseProxy = _proxy is not null,
        Proxy = _proxy,
        AllowAutoRedirect = false,
        UseCookies = false,
        Credentials = null,
        PreAuthenticate = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 32,
        MaxConnectionsPerServer = 16,
        ConnectTimeout = options.Value.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ResponseDrainTimeout = TimeSpan.Zero,
        ActivityHeadersPropagator = null,
    };

    private static async Task<Stream> OpenAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        // A name may lead to addresses of either family.
        var socket = endPoint.AddressFamily == AddressFamily.Unspecified ? new(SocketType.Stream, ProtocolType.Tcp)
            : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsAllowed(IPAddress address) =>
        PublicAddress.Is(address) || (options.Value.AllowLoopbackForDevelopment && PublicAddress.IsLoopback(address));

    private async Task<IPAddress[]> LookupInTimeAsync(string host, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.LookupTimeout);
        try
        {
            return await lookup.LookupAsync(host, limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SocketException((int)SocketError.TryAgain);
        }
    }
}
