using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Cli.Keys;
using static RemoveBg.Tests.Fuzz.BrokenInvariantException;
using static RemoveBg.Tests.Fuzz.HeaderHarnesses;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Readers of what is signed or sealed, of queue messages and of stored values.</summary>
internal static class SecretHarnesses
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", KeyId = "key_0123456789ab";
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Key = WebhookSigner.KeyOf(Secret);
    private static readonly Guid Id = new("0193b5f2-a7c8-7c3e-8f9d-0a1b2c3d4e5f");

    private static readonly string[] Bodies =
    [
        """{"id":"0193b5f2a7c87c3e8f9d0a1b2c3d4e5f","artworkType":"x","parameters":{},"duration":1,"results":[],"""
            + "\"status\":\"succeeded\",\"createdAt\":\"2026-11-30T12:00:00.000Z\"}",
        "{}",
    ];

    private static readonly ResultLinks Links = new(Options.Create(new ResultOptions
    {
        PublicUrl = "https://removebg.example.com",
    }), () => [Key], new FakeTimeProvider(Now));

    public static IEnumerable<Harness> All =>
    [
        Harness.Of("webhook", () => Signed, Verify, CheckVerified) with { Words = ["v1,", " ", "v1a,", ".", "\n"] },
        Harness.Of("webhook-client", () => Signed, VerifyAsClient, CheckVerified,
            typeof(Client.WebhookInvalidException)) with { Words = ["v1,", " ", "webhook-id", "\n"] },
        Harness.Of("webhook-secret", () => Texts(Secret, "whsec_" + Convert.ToBase64String(new byte[64])),
            text => WebhookSigner.KeyOf(Latin1(text)), (_, key) =>
            {
                Require(key.Length is >= 24 and <= 64, $"{key.Length} bytes");
                Require(WebhookSigner.KeyOf("whsec_" + Convert.ToBase64String(key)).AsSpan().SequenceEqual(key), "");
                return "";
            }, typeof(FormatException)) with { Words = ["whsec_", "=", "==", " "] },
        Harness.Of("sealed-secret", () => [Encoding.ASCII.GetBytes(SecretSeal.Seal(SecretSeal.PublicKeyOf(Key), KeyId,
            Secret))], text => SecretSeal.TryOpen(Key, KeyId, Latin1(text)), (_, opened) =>
            {
                Require(opened == Secret, "what opens is what was sealed");
                return "";
            }) with { Words = ["=", "+", "MFkwEwYHKoZIzj0"] },
        Harness.Of("result-link", () => Texts(LinkOf(Id)), text => Links.IsValid(Id, Lines(text)[0],
            Lines(text).ElementAtOrDefault(1)) ? "" : null, (text, _) =>
            {
                Require(long.Parse(Lines(text)[0], CultureInfo.InvariantCulture)
                    == long.Parse(LinkOf(Id).Split('\n')[0], CultureInfo.InvariantCulture), "the expiry was signed");
                return "";
            }) with { Words = ["\n", "=", "_", "%", "-"] },
        Harness.Of("queue-message", () => Texts(Message.ToJson(), Convert.ToBase64String(
            Encoding.UTF8.GetBytes(Message.ToJson()))), text => ArtworkMessage.TryParse(Encoding.UTF8.GetString(text)),
            (_, message) =>
            {
                Require(message.Version == 1 && message.Id != Guid.Empty, $"{message} is ours");
                Require(ArtworkMessage.TryParse(message.ToJson()) == message, "what is written is read");
                return $"{message.Due is null} {message.TraceParent is null}";
            }) with { Words = ["{\"v\":1,\"id\":\"", "\"due\":", "\"attempt\":"], Memory = (300_000, 100) },
        Harness.Of("stored-options", () => [.. RequestSeeds.Json.Skip(1).Take(3)], StoredOptions, (_, options) =>
            {
                Require(CutOutOptions.Parse(options.ToJson()).ToJson() == options.ToJson(), "options are stored");
                return "";
            }, typeof(JsonException)) with { Words = ["\"crop\":", "\"scale\":\"80%\"", "null", "\"position\":1"] },
        Harness.Of("stored-record", () =>
            Texts("https://example.com/a\nfailed\nimage_corrupt\nIt is damaged.\nred\n\n1 2 3"), Stored, (_, record) =>
            {
                var read = ArtworkEntity.Read(ArtworkEntity.From(record, "p", "r"), record.Id, record.ETag);
                Require(read == record, "a stored record is the same");
                return $"{record.Status}";
            }) with { Words = ["\n", "succeeded", "canceled", "0"], AcceptsAll = true },
        Harness.Of("key-file", () => [KeyFileSeed], text => KeyFile.Parse(Encoding.UTF8.GetString(text)), (_, file) =>
            {
                foreach (var key in file.Keys!) Require(key!.ToKey().Hash.Length == 32, "a hash has 32 bytes");
                foreach (var secret in file.WebhookSecrets!) secret!.ToSecrets();
                Require(KeyFile.Parse(file.ToJson()).ToJson() == file.ToJson(), "what is written is read");
                return $"{file.Keys.Count} {file.WebhookSecrets.Count}";
            }, typeof(UserException)) with { Words = ["\"keys\":[", "null", "\"id\":"], Memory = (400_000, 100) },
    ];

    private static ArtworkMessage Message =>
        new(1, Id, 1, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Now);

    private static byte[] KeyFileSeed => Encoding.UTF8.GetBytes(new KeyFile(KeyFile.FormatName, 1, Now, "AAAA",
        [new(KeyId, "Shop", new string('a', 64), true, Now, ["artworks:read"], 60, 10, 8)],
        [new(KeyId, "AAAA", "AAAA", Now)]).ToJson());

    /// <summary>Id, timestamp and signatures, a line each, and the body.</summary>
    private static IReadOnlyList<byte[]> Signed => [.. Bodies.Select(body => RequestSeeds.Text(
        $"evt_1\n{Now.ToUnixTimeSeconds()}\nv1,AAAA "
            + $"{WebhookSigner.Sign([Key], "evt_1", Now, Encoding.UTF8.GetBytes(body))}\n{body}"))];

    private static byte[]? Verify(byte[] input)
    {
        var (id, timestamp, signatures, body) = Parts(input);
        return WebhookSigner.Verify(Key, id, timestamp, signatures, body, Now, TimeSpan.FromMinutes(5)) ? body : null;
    }

    /// <summary>Some inputs come with a header twice: a framework may give them so.</summary>
    private static byte[]? VerifyAsClient(byte[] input)
    {
        var (id, timestamp, signatures, body) = Parts(input);
        List<KeyValuePair<string, string>> headers = [new("webhook-id", id), new("Webhook-Timestamp", timestamp),
            new("webhook-signature", signatures), new("Via", "a"), new("via", "b")];
        if (input.Length % 8 == 0) headers.Add(new("Webhook-Id", id));
        try
        {
            Client.RemoveBgClient.VerifyWebhook(Secret, headers, body, now: Now);
        }
        catch (JsonException)
        {
            // Signed, and no artwork.
        }
        return body;
    }

    /// <summary>Nothing but what was signed is accepted.</summary>
    private static string CheckVerified(byte[] input, byte[] verified)
    {
        var (id, timestamp, _, body) = Parts(input);
        Require(id + "." + timestamp == $"evt_1.{Now.ToUnixTimeSeconds()}" && Bodies.Contains(Latin1(body)),
            "only what was signed is accepted");
        return "";
    }

    private static (string Id, string Timestamp, string Signatures, byte[] Body) Parts(byte[] input)
    {
        var lines = Latin1(input).Split('\n', 4);
        return (lines[0], lines.ElementAtOrDefault(1) ?? "", lines.ElementAtOrDefault(2) ?? "",
            Encoding.Latin1.GetBytes(lines.ElementAtOrDefault(3) ?? ""));
    }

    /// <summary>The expiry and the signature of a link, a line each.</summary>
    private static string LinkOf(Guid id) =>
        string.Join('\n', new Uri(Links.Sign(id)).Query.TrimStart('?').Split('&')
            .Select(pair => pair.Split('=', 2)[1]));

    private static CutOutOptions? StoredOptions(byte[] json) => CutOutOptions.Parse(Encoding.UTF8.GetString(json));

    private static RemoveBg.Core.Artworks.Artwork Stored(byte[] text)
    {
        var lines = Encoding.UTF8.GetString(text).Split('\n');
        string Text(int line) => lines.ElementAtOrDefault(line) ?? "";
        int Number(int at) => at < text.Length ? text[at] : 0;
        return new()
        {
            Id = Id, KeyId = KeyId, ImageUrl = Text(0), OutputFormat = (OutputFormat)(Number(0) % 5), CreatedAt = Now,
            Status = ArtworkStatuses.TryParse(Text(1), out var status) ? status : default, ETag = new("x"),
            Failure = Text(2).Length > 0 ? new(Text(2), Text(3)) : null,
            Subject = new(Number(1), Number(2), -Number(3), Number(4), Number(5), Number(6)),
            Options = new() { Size = Number(7), Background = Background.TryParse(Text(4)) }, Webhook = Text(5),
            TraceParent = Text(6), Confidence = Number(8) / 255.0, Attempt = Number(9),
        };
    }
}
