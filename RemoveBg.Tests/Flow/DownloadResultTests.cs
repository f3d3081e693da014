using System.Net;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The result's file from the service itself, for pages that may not read from storage.</summary>
public sealed class DownloadResultTests : OneHostTests
{
    [TestCase("png")]
    [TestCase("webp")]
    public async Task It_is_the_file_that_the_results_url_serves(string format)
    {
        var artwork = await Host.CutOutAsync(Caller.Serve(Repo.Sample("scene-toycar.jpg")), format: format);
        using var plain = new HttpClient();
        var stored = await plain.GetByteArrayAsync(artwork.GetProperty("results")[0].GetString());
        using var response = await Host.Client.GetAsync(Path(artwork.Text("id")!));
        Assert.Multiple(async () =>
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo($"image/{format}"));
            Assert.That(response.Content.Headers.ContentLength, Is.EqualTo(stored.Length));
            Assert.That(response.Headers.GetValues("RemoveBg-Confidence").Single(), Does.Match(@"^[01]\.\d{3}$"));
            Assert.That(response.Headers.CacheControl!.NoStore, Is.True);
            Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(stored));
        });
        // Past the check against openapi.json, which describes GET alone.
        using var request = new HttpRequestMessage(HttpMethod.Head,
            new Uri(Host.Client.BaseAddress!, Path(artwork.Text("id")!)));
        request.Headers.Authorization = Host.Client.DefaultRequestHeaders.Authorization;
        using var head = await plain.SendAsync(request);
        Assert.That(((int)head.StatusCode, head.Content.Headers.ContentLength),
            Is.EqualTo((200, (long?)stored.Length)));
    }

    [Test]
    public async Task Another_key_an_unfinished_artwork_and_an_erased_file_get_404()
    {
        var done = (await Host.CutOutAsync(Caller.Serve(Repo.Sample("scene-toycar.jpg")))).Text("id")!;
        using var other = Host.ClientWith(await Host.AddKeyAsync("other"));
        Assert.That(await StatusAsync(other, done), Is.EqualTo(404));

        var held = Caller.ServeHeld(Repo.Sample("scene-mug.jpg"));
        using var accepted = await Host.SubmitAsync(new { imageUrl = held.Url });
        var open = (await accepted.JsonAsync()).Text("id")!;
        Assert.That(await StatusAsync(Host.Client, open), Is.EqualTo(404));
        held.Answer.TrySetResult();
        await Host.UntilEndedAsync(open);
        Assert.That(await StatusAsync(Host.Client, open), Is.EqualTo(200));

        await Host.Get<StoredImages>().DeleteResultAsync(Guid.Parse(done), CancellationToken.None);
        Assert.That(await StatusAsync(Host.Client, done), Is.EqualTo(404));
        using var stranger = Host.ClientWith(null);
        Assert.That(await StatusAsync(stranger, open), Is.EqualTo(401));
    }

    private static string Path(string id) => $"/v2/artworks/{id}/result";

    private static async Task<int> StatusAsync(HttpClient client, string id)
    {
        using var response = await client.GetAsync(Path(id));
        return (int)response.StatusCode;
    }
}
