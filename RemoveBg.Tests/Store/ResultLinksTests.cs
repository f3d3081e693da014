using System.Security.Cryptography;
using System.Web;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Store;

namespace RemoveBg.Tests.Store;

/// <summary>Result URLs of the service itself, which need no API key.</summary>
public sealed class ResultLinksTests
{
    private readonly Guid _id = Guid.CreateVersion7();
    private FakeTimeProvider _clock = null!;
    private List<byte[]> _secrets = null!;

    [SetUp]
    public void Begin()
    {
        _clock = new(new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        _secrets = [RandomNumberGenerator.GetBytes(32)];
    }

    [Test]
    public void A_url_names_the_result_and_is_valid_until_it_expires()
    {
        var url = new Uri(Links().Sign(_id));
        Assert.That(url.GetLeftPart(UriPartial.Path),
            Is.EqualTo($"https://removebg.example.com/v2/artworks/{_id}/result"));
        var (expires, signature) = Signed(url);
        Assert.That(expires, Is.EqualTo("1795352400"), "13:00");
        _clock.Advance(TimeSpan.FromMinutes(59.9));
        Assert.That(Links().IsValid(_id, expires, signature), Is.True);
        _clock.Advance(TimeSpan.FromMinutes(0.1));
        Assert.That(Links().IsValid(_id, expires, signature), Is.False);
    }

    [Test]
    public void Another_artwork_a_later_expiry_and_another_signature_are_refused()
    {
        var (expires, signature) = Signed(new(Links().Sign(_id)));
        Assert.Multiple(() =>
        {
            Assert.That(Links().IsValid(Guid.CreateVersion7(), expires, signature), Is.False);
            Assert.That(Links().IsValid(_id, "1795356000", signature), Is.False);
            Assert.That(Links().IsValid(_id, null, signature), Is.False);
            foreach (var other in new[] { null, "", "not base64!", signature![1..], Flipped(signature) })
                Assert.That(Links().IsValid(_id, expires, other), Is.False, other);
            Assert.That(Links("").IsValid(_id, expires, signature), Is.False, "the setting is off");
        });
    }

    [Test]
    public void While_the_global_secret_is_rotated_urls_of_both_are_valid_and_then_only_the_new_ones()
    {
        var old = Signed(new(Links().Sign(_id)));
        _secrets.Insert(0, RandomNumberGenerator.GetBytes(32));
        var current = Signed(new(Links().Sign(_id)));
        Assert.That(current.Signature, Is.Not.EqualTo(old.Signature));
        Assert.That(Links().IsValid(_id, old.Expires, old.Signature), Is.True);
        _secrets.RemoveAt(1);
        Assert.That(Links().IsValid(_id, current.Expires, current.Signature), Is.True);
        Assert.That(Links().IsValid(_id, old.Expires, old.Signature), Is.False);
    }

    [TestCase("http://removebg.example.com")]
    [TestCase("removebg.example.com")]
    [TestCase("https://removebg.example.com/?a=b")]
    public void An_address_that_callers_cannot_use_is_refused_and_named(string address) =>
        Assert.That(new ResultOptions { PublicUrl = address }.Validate(new(new object())).Single().ErrorMessage,
            Does.Contain("RemoveBg:Results:PublicUrl"));

    private ResultLinks Links(string address = "https://removebg.example.com/") =>
        new(Options.Create(new ResultOptions { PublicUrl = address }), () => _secrets, _clock);

    private static string Flipped(string signature) => (signature[0] == 'A' ? 'B' : 'A') + signature[1..];

    private static (string? Expires, string? Signature) Signed(Uri url)
    {
        var query = HttpUtility.ParseQueryString(url.Query);
        return (query["expires"], query["signature"]);
    }
}
