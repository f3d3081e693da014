using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Network;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Network;

/// <summary>A listener stands for the private network: it must never see a connection.</summary>
public sealed class GuardedConnectorTests
{
    private TcpListener _private = null!;

    [SetUp]
    public void Listen()
    {
        _private = new(IPAddress.Loopback, 0);
        _private.Start();
    }

    [TearDown]
    public void StopListening() => _private.Dispose();

    [TestCase("127.0.0.1")]
    [TestCase("10.0.0.1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("8.8.8.8", "127.0.0.1", Description = "one bad address spoils the whole answer")]
    public void A_name_that_resolves_to_a_private_address_is_not_connected(params string[] answer)
    {
        var lookup = new Answers([answer]);
        var problem = Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(lookup, "photos.example.org"));
        Assert.That(problem!.InnerException, Is.TypeOf<BlockedAddressException>());
        Assert.That(_private.Pending(), Is.False);
        Assert.That(lookup.Asked, Is.EqualTo(1));
    }

    [Test]
    public void Every_known_name_that_resolves_to_a_private_address_is_refused()
    {
        var tried = 0;
        foreach (var payload in Payloads.Of("dns").Where(payload => payload.TryGetProperty("resolvesTo", out _)))
        {
            var answer =
                payload.GetProperty("resolvesTo").EnumerateArray().Select(address => address.GetString()!).ToArray();
            var problem = Assert.ThrowsAsync<HttpRequestException>(
                () => GetAsync(new Answers([answer]), new Uri(payload.Text("url")!).IdnHost), payload.Text("url")!);
            Assert.That(problem!.InnerException, Is.TypeOf<BlockedAddressException>(), payload.Text("url"));
            tried++;
        }
        Assert.That(tried, Is.GreaterThan(5));
        Assert.That(_private.Pending(), Is.False);
    }

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    public void A_literal_that_got_past_the_url_check_is_not_connected(string host)
    {
        Assert.That(() => GetAsync(new Answers([["127.0.0.1"]]), host), Throws.TypeOf<HttpRequestException>());
        Assert.That(_private.Pending(), Is.False);
    }

    [Test]
    public void A_name_is_resolved_once_per_connection_so_that_it_cannot_change()
    {
        // The first answer would be allowed in development, the second not: only the first may count.
        var lookup = new Answers([["127.0.0.1"], ["10.0.0.1"]]);
        using var server = new HttpMessageInvoker(Connector(lookup, allowLoopback: true).CreateHandler());
        var accepted = ServeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://photos.example.org:{Port}/");
        Assert.That(async () => (await server.SendAsync(request, CancellationToken.None)).StatusCode,
            Is.EqualTo(HttpStatusCode.OK));
        Assert.That(async () => await accepted, Throws.Nothing);
        Assert.That(lookup.Asked, Is.EqualTo(1));
    }

    [Test]
    public void A_lookup_without_a_response_times_out()
    {
        var options = new NetworkOptions { LookupTimeout = TimeSpan.FromMilliseconds(100) };
        using var client = new HttpClient(new GuardedConnector(new Silence(), Options.Create(options)).CreateHandler());
        Assert.That(() => client.GetAsync(new Uri("http://photos.example.org/")),
            Throws.TypeOf<HttpRequestException>().With.InnerException.Property(nameof(SocketException.SocketErrorCode))
                .EqualTo(SocketError.TryAgain));
    }

    [Test]
    public async Task The_next_address_of_a_host_is_tried_if_one_does_not_answer()
    {
        // Nothing listens there.
        var lookup = new Answers([["127.0.0.2", "127.0.0.1"]]);
        using var client = new HttpClient(Connector(lookup, allowLoopback: true).CreateHandler());
        var accepted = ServeAsync();
        using var response = await client.GetAsync(new Uri($"http://photos.example.org:{Port}/"));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await accepted;
    }

    [TestCase(SocketError.ConnectionRefused, "127.0.0.2", "127.0.0.3")]
    [TestCase(SocketError.HostNotFound)]
    public void A_host_without_an_address_that_answers_is_an_error(SocketError expected, params string[] answer)
    {
        using var client = new HttpClient(Connector(new Answers([answer]), allowLoopback: true).CreateHandler());
        Assert.That(() => client.GetAsync(new Uri($"http://photos.example.org:{Port}/")),
            Throws.TypeOf<HttpRequestException>().With.InnerException.Property(nameof(SocketException.SocketErrorCode))
                .EqualTo(expected));
    }

    [Test]
    public async Task The_operators_proxy_may_have_a_private_address_and_its_host_is_no_callers()
    {
        var options = new NetworkOptions { OutboundProxy = $"http://localhost:{Port}" };
        var lookup = new Answers([["10.0.0.1"]]);
        using var client = new HttpClient(new GuardedConnector(lookup, Options.Create(options)).CreateHandler());
        var accepted = ServeAsync();
        using var response = await client.GetAsync(new Uri("http://photos.example.org/"));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await accepted;
        Assert.That(lookup.Asked, Is.Zero);
    }

    [Test]
    public async Task A_client_that_ends_closes_its_connections()
    {
        var client = new HttpClient(Connector(new Answers([["127.0.0.1"]]), allowLoopback: true).CreateHandler());
        var asked = client.GetAsync(new Uri($"http://photos.example.org:{Port}/"));
        using var socket = await _private.AcceptSocketAsync();
        await ServeAsync(socket);
        using (await asked)
        {
        }
        client.Dispose();
        Assert.That(await socket.ReceiveAsync(new byte[1]), Is.Zero);
    }

    [Test]
    public void No_proxy_no_cookies_no_redirects_no_decompression()
    {
        using var handler = Connector(new Answers([]), allowLoopback: false).CreateHandler();
        Assert.Multiple(() =>
        {
            Assert.That(handler.UseProxy, Is.False);
            Assert.That(handler.UseCookies, Is.False);
            Assert.That(handler.AllowAutoRedirect, Is.False);
            Assert.That(handler.AutomaticDecompression, Is.EqualTo(DecompressionMethods.None));
            Assert.That(handler.ActivityHeadersPropagator, Is.Null);
        });
    }

    private int Port => ((IPEndPoint)_private.LocalEndpoint).Port;

    private async Task ServeAsync()
    {
        using var socket = await _private.AcceptSocketAsync();
        await ServeAsync(socket);
    }

    private static async Task ServeAsync(Socket socket)
    {
        await socket.ReceiveAsync(new byte[4096]);
        await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
    }

    private async Task GetAsync(IAddressLookup lookup, string host)
    {
        using var client = new HttpClient(Connector(lookup, allowLoopback: false).CreateHandler());
        using var response = await client.GetAsync(new Uri($"http://{host}:{Port}/"));
    }

    private static GuardedConnector Connector(IAddressLookup lookup, bool allowLoopback) =>
        new(lookup, Options.Create(new NetworkOptions { AllowLoopbackForDevelopment = allowLoopback }));

    private sealed class Answers(string[][] answers) : IAddressLookup
    {
        public int Asked { get; private set; }

        public Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken) =>
            Task.FromResult(answers[Asked++].Select(IPAddress.Parse).ToArray());
    }

    private sealed class Silence : IAddressLookup
    {
        public Task<IPAddress[]> LookupAsync(string host, CancellationToken cancellationToken) =>
            new TaskCompletionSource<IPAddress[]>().Task;
    }
}
