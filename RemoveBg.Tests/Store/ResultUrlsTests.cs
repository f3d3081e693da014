using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Web;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Store;

namespace RemoveBg.Tests.Store;

/// <summary>Result URLs on Azure, without an account key: signed with a user delegation key that storage issues
/// (user delegation SAS). Azurite knows account keys only over http, so storage's answer is played here; the
/// account SAS is used by every other test.</summary>
public sealed class ResultUrlsTests
{
    private static readonly byte[] LentKey = RandomNumberGenerator.GetBytes(32);

    private FakeTimeProvider _clock = null!;
    private Storage _storage = null!;
    private BlobServiceClient _blobs = null!;
    private ResultUrls _urls = null!;

    [SetUp]
    public void Begin()
    {
        _clock = new(new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        _storage = new();
        _blobs = new(new Uri("https://pictures.blob.core.windows.net"), new Identity(),
            new() { Transport = new HttpClientTransport(_storage) });
        _urls = new(_blobs, TimeSpan.FromHours(1), _clock);
    }

    [TearDown]
    public void End() => _storage.Dispose();

    [Test]
    public async Task A_url_reads_one_blob_over_https_until_it_expires()
    {
        var url = new Uri(await SignAsync());
        var query = HttpUtility.ParseQueryString(url.Query);
        Assert.Multiple(() =>
        {
            Assert.That(url.GetLeftPart(UriPartial.Path),
                Is.EqualTo("https://pictures.blob.core.windows.net/results/a.webp"));
            Assert.That((query["sp"], query["sr"], query["spr"]), Is.EqualTo(("r", "b", "https")));
            Assert.That(query["se"], Is.EqualTo("2026-11-22T13:00:00Z"));
            Assert.That(query["st"], Is.Null,
                "no start: a clock that runs ahead of storage's would make a URL that is not valid yet");
            Assert.That(query["skoid"], Is.EqualTo(Storage.Object));
        });
    }

    [Test]
    public async Task The_url_is_signed_with_the_delegation_key()
    {
        var first = HttpUtility.ParseQueryString(new Uri(await SignAsync()).Query)["sig"];
        RandomNumberGenerator.Fill(LentKey);
        Begin();
        Assert.That(HttpUtility.ParseQueryString(new Uri(await SignAsync()).Query)["sig"], Is.Not.EqualTo(first),
            "the key is all that has changed");
        Assert.That(Convert.FromBase64String(first!), Has.Length.EqualTo(32), "HMAC-SHA256");
    }

    [Test]
    public async Task The_delegation_key_starts_in_the_past_and_is_requested_once()
    {
        await SignAsync();
        await SignAsync();
        Assert.That(_storage.Asked, Has.Count.EqualTo(1));
        Assert.That(_storage.Asked[0],
            Does.Contain("<Start>2026-11-22T11:45:00Z</Start>").And.Contain("<Expiry>2026-11-22T19:00:00Z</Expiry>"));
    }

    [Test]
    public async Task A_delegation_key_that_expires_before_the_url_is_renewed()
    {
        await SignAsync();
        _clock.Advance(TimeSpan.FromHours(6));
        await SignAsync();
        Assert.That(_storage.Asked, Has.Count.EqualTo(1), "ends with the URL");
        _clock.Advance(TimeSpan.FromMinutes(5));
        var query = HttpUtility.ParseQueryString(new Uri(await SignAsync()).Query);
        Assert.That(_storage.Asked, Has.Count.EqualTo(2));
        Assert.That(string.CompareOrdinal(query["ske"], query["se"]), Is.GreaterThanOrEqualTo(0),
            "the key outlives the URL");
    }

    [Test]
    public async Task A_poll_and_a_webhook_within_minutes_carry_the_same_url()
    {
        var poll = await SignAsync();
        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.That(await SignAsync(), Is.EqualTo(poll));
    }

    private Task<string> SignAsync() =>
        _urls.SignAsync(_blobs.GetBlobContainerClient("results").GetBlobClient("a.webp"), CancellationToken.None);

    /// <summary>Storage's side.</summary>
    private sealed class Storage : HttpMessageHandler
    {
        public const string Object = "11111111-1111-1111-1111-111111111111";

        public List<string> Asked { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            Assert.That(request.RequestUri!.Query, Does.Contain("comp=userdelegationkey"));
            var asked = await request.Content!.ReadAsStringAsync(cancellationToken);
            Asked.Add(asked);
            string Of(string element) => asked.Split($"<{element}>")[1].Split('<')[0];
            return new(HttpStatusCode.OK)
            {
                Content = new StringContent($"""
                    <?xml version="1.0" encoding="utf-8"?><UserDelegationKey>
                    <SignedOid>{Object}</SignedOid><SignedTid>22222222-2222-2222-2222-222222222222</SignedTid>
                    <SignedStart>{Of("Start")}</SignedStart><SignedExpiry>{Of("Expiry")}</SignedExpiry>
                    <SignedService>b</SignedService><SignedVersion>2024-11-04</SignedVersion>
                    <Value>{Convert.ToBase64String(LentKey)}</Value></UserDelegationKey>
                    """, Encoding.UTF8, "application/xml"),
            };
        }
    }

    private sealed class Identity : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new("token", DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext,
            CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
    }
}
