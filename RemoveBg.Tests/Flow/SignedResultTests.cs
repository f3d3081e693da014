using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Results where callers cannot reach storage, as with <c>privateNetwork</c>: <c>results</c> has signed URLs
/// of the service.</summary>
public sealed class SignedResultTests : OneHostTests
{
    private const string Public = "https://removebg.example.com";

    private protected override Task<RunningHost> StartHostAsync() =>
        RunningHost.StartAsync(new() { ["RemoveBg:Results:PublicUrl"] = Public });

    [Test]
    public async Task The_url_in_the_webhook_and_in_the_response_opens_without_a_key()
    {
        var artwork = await Host.CutOutAsync(Caller.Serve(SmallPhotos.Of("scene-toycar.jpg")), Caller.WebhookUrl);
        var delivery = (await Caller.UntilDeliveredAsync(1))[0];
        using var sent = JsonDocument.Parse(delivery.Text);
        using var stranger = Host.ClientWith(null);
        var kept = await Host.Client.GetByteArrayAsync($"/v2/artworks/{artwork.Text("id")}/result");
        foreach (var url in new[] { Url(artwork), Url(sent.RootElement) })
        {
            using var response = await stranger.GetAsync(PathOf(url));
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(kept));
        }
    }

    [Test]
    public async Task A_signature_of_another_artwork_gets_403_and_many_of_them_429()
    {
        var first = PathOf(Url(await Host.CutOutAsync(Caller.Serve(SmallPhotos.Of("scene-toycar.jpg")))));
        var second = (await Host.CutOutAsync(Caller.Serve(SmallPhotos.Of("scene-mug.jpg")))).Text("id")!;
        using var stranger = Host.ClientWith(null);
        var forged = $"/v2/artworks/{second}/result{first[first.IndexOf('?', StringComparison.Ordinal)..]}";
        using (var refused = await stranger.GetAsync(forged))
        {
            Assert.That((int)refused.StatusCode, Is.EqualTo(403));
            Assert.That((await refused.JsonAsync()).Text("message"), Does.Contain("signature"));
        }
        await Eventually.HoldsAsync(async () =>
        {
            using var response = await stranger.GetAsync(forged);
            return (int)response.StatusCode == 429;
        }, "guesses are limited");
        using var still = await stranger.GetAsync(first);
        Assert.That((int)still.StatusCode, Is.EqualTo(200), "a valid signature is no guess");
    }

    private static string Url(JsonElement artwork) => artwork.GetProperty("results")[0].GetString()!;

    private static string PathOf(string url)
    {
        Assert.That(url, Does.StartWith($"{Public}/v2/artworks/"));
        return url[Public.Length..];
    }
}
