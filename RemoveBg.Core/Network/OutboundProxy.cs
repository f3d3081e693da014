using System.Net;

namespace RemoveBg.Core.Network;

/// <summary>The proxy of <see cref="NetworkOptions.OutboundProxy"/>. Everything goes through it but this machine's own
/// addresses, which <see cref="NetworkOptions.AllowLoopbackForDevelopment"/> allows.</summary>
internal sealed class OutboundProxy : IWebProxy
{
    private readonly Uri _address;
    private readonly bool _allowsLoopback;

    private OutboundProxy(Uri address, bool allowsLoopback)
    {
        (_address, _allowsLoopback) = (new UriBuilder(address) { UserName = "", Password = "" }.Uri, allowsLoopback);
        var login = address.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString).ToList();
        if (address.UserInfo.Length > 0) Credentials = new NetworkCredential(login[0], login.ElementAtOrDefault(1));
    }

    public ICredentials? Credentials { get; set; }

    /// <returns>Null without the setting.</returns>
    public static OutboundProxy? Of(NetworkOptions options) => options.OutboundProxy.Length == 0 ? null
        : new(new(options.OutboundProxy), options.AllowLoopbackForDevelopment);

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : _address;

    public bool IsBypassed(Uri host) => _allowsLoopback && host.IsLoopback;

    /// <summary>Whether a connection leads to the proxy itself.</summary>
    public bool Is(DnsEndPoint endPoint) => endPoint.Port == _address.Port
        && endPoint.Host.Trim('[', ']').Equals(_address.IdnHost.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);
}
