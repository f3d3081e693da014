using System.Net;

namespace RemoveBg.Core.Network;

/// <summary>The proxy that the environment names (<c>HTTP_PROXY</c>, <c>HTTPS_PROXY</c>, <c>ALL_PROXY</c>), but never
/// between this program and this machine: storage on a laptop, the health check, a collector of telemetry.</summary>
/// <remarks>.NET sends requests to loopback through such a proxy, unless <c>NO_PROXY</c> lists each of its
/// names.</remarks>
public sealed class EnvironmentProxy : IWebProxy
{
    private readonly IWebProxy _given;

    private EnvironmentProxy(IWebProxy given) => _given = given;

    public ICredentials? Credentials
    {
        get => _given.Credentials;
        set => _given.Credentials = value;
    }

    /// <summary>Makes every HttpClient of this process that has no proxy of its own use it.</summary>
    public static void UseByDefault() => HttpClient.DefaultProxy = Create();

    internal static EnvironmentProxy Create() =>
        HttpClient.DefaultProxy as EnvironmentProxy ?? new EnvironmentProxy(HttpClient.DefaultProxy);

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : _given.GetProxy(destination);

    public bool IsBypassed(Uri host) => host.IsLoopback || _given.IsBypassed(host);
}
