using System.Text;
using RemoveBg.Core.Notify;

namespace RemoveBg.Tests.Notify;

public sealed class WebhookSignerTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
        Body = """{"test": 2432232314}""";
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1614265330);
    private static readonly byte[] Bytes = Encoding.UTF8.GetBytes(Body);

    [Test(Description = "Example of the Standard Webhooks specification")]
    public void The_specifications_example_is_signed_as_specified() =>
        Assert.That(WebhookSigner.Sign([WebhookSigner.KeyOf(Secret)], Id, Time, Bytes),
            Is.EqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));

    [Test]
    public void During_a_rotation_either_secret_verifies()
    {
        byte[] old = WebhookSigner.KeyOf(Secret), fresh = WebhookSigner.KeyOf(WebhookSigner.GenerateSecret());
        var signatures = WebhookSigner.Sign([fresh, old], Id, Time, Bytes);
        Assert.That(signatures.Split(' '), Has.Length.EqualTo(2));
        foreach (var key in new[] { old, fresh })
            Assert.That(WebhookSigner.Verify(key, Id, "1614265330", signatures, Bytes, Time, TimeSpan.FromMinutes(5)),
                Is.True);
    }

    [TestCase("msg_other", "1614265330", Body, 0, Description = "another id")]
    [TestCase(Id, "1614265331", Body, 0, Description = "another timestamp")]
    [TestCase(Id, "1614265330", Body + " ", 0, Description = "another body")]
    [TestCase(Id, "1614265330", Body, 301, Description = "too late")]
    [TestCase(Id, "1614265330", Body, -301, Description = "too early")]
    [TestCase(Id, "yesterday", Body, 0, Description = "no timestamp")]
    public void A_changed_webhook_does_not_verify(string id, string timestamp, string body, int secondsLater)
    {
        var key = WebhookSigner.KeyOf(Secret);
        var signature = WebhookSigner.Sign([key], Id, Time, Bytes);
        Assert.That(WebhookSigner.Verify(key, id, timestamp, signature, Encoding.UTF8.GetBytes(body),
            Time.AddSeconds(secondsLater), TimeSpan.FromMinutes(5)), Is.False);
    }

    [TestCase(-300)]
    [TestCase(300)]
    public void A_webhook_verifies_up_to_the_tolerance(int secondsLater)
    {
        var key = WebhookSigner.KeyOf(Secret);
        Assert.That(WebhookSigner.Verify(key, Id, "1614265330", WebhookSigner.Sign([key], Id, Time, Bytes), Bytes,
            Time.AddSeconds(secondsLater), TimeSpan.FromSeconds(300)), Is.True);
    }

    [TestCase(24)]
    [TestCase(64)]
    public void A_secret_has_from_24_to_64_bytes(int bytes)
    {
        Assert.That(WebhookSigner.KeyOf(SecretOf(bytes)), Is.EqualTo(new byte[bytes]));
        Assert.That(() => WebhookSigner.KeyOf(SecretOf(bytes == 24 ? 23 : 65)), Throws.TypeOf<FormatException>());

        static string SecretOf(int length) => "whsec_" + Convert.ToBase64String(new byte[length]);
    }

    [TestCase("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [TestCase("whsec_")]
    [TestCase("whsec_c2hvcnQ=")]
    [TestCase("whsec_not base64")]
    public void A_malformed_secret_is_refused(string secret) =>
        Assert.That(() => WebhookSigner.KeyOf(secret), Throws.TypeOf<FormatException>());
}
