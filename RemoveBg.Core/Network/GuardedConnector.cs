using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Network;

/// <summary>Asks for a name's addresses. A seam, because the answers are the outside world's.</summary>
public interface IAddressLookup
{
    Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken);
}

public sealed class DnsLookup : IAddressLookup
{
    public Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, cancellationToken);
}

/// <summary>The connection was refused by our own guard. For the log; the caller reads what an
/// unreachable host would give.</summary>
public sealed class BlockedAddressException(string host, IPAddress address)
    : IOException($"{host} leads to {address}, which is not publicly routable.");

/// <summary>
/// The connect step of every outgoing connection to addresses that callers chose. It looks the name up once,
/// refuses the whole answer if one address in it is not public, and connects to the very address it has judged:
/// nothing can change in between (DNS rebinding).
/// </summary>
public sealed class GuardedConnector(IAddressLookup lookup, IOptions<NetworkOptions> options)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context,
        CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host.Trim('[', ']');
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal]
            : await LookupInTimeAsync(host, cancellationToken);
        foreach (var address in addresses)
            if (!IsAllowed(address)) throw new BlockedAddressException(host, address);

        SocketException? last = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException problem)
            {
                socket.Dispose();
                last = problem;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>A handler that asks this guard for every connection, and nobody else: no proxy, which would
    /// connect for us, no redirects behind our back, no cookies, no decompression (a small body could become a
    /// huge one), no trace ids for strangers.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = ConnectAsync,
        UseProxy = false,
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
