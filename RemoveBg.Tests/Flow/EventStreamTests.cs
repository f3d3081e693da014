using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>An artwork's server-sent events.</summary>
public sealed class EventStreamTests : OneHostTests
{
    [Test]
    public async Task Events_report_each_status_until_the_end()
    {
        var held = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        using var submitted = await Host.SubmitAsync(new { imageUrl = held.Url });
        var id = (await submitted.JsonAsync()).Text("id")!;
        using var response =
            await Host.Client.GetAsync($"/v2/artworks/{id}/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        var seen = new List<(string Type, JsonElement Artwork)>();
        await foreach (var item in System.Net.ServerSentEvents.SseParser.Create(
            await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            seen.Add((item.EventType, JsonDocument.Parse(item.Data).RootElement));
            held.Answer.TrySetResult();
        }
        Assert.That(seen.Select(item => item.Type), Is.All.EqualTo("status"));
        Assert.That(seen[^1].Artwork.Text("status"), Is.EqualTo("succeeded"));
        Assert.That(seen.Select(item => item.Artwork.Text("status")), Is.Unique);
        Assert.That(seen[^1].Artwork.GetRawText(), Is.EqualTo((await Host.ReadAsync(id)).GetRawText()));
    }

    [Test]
    public async Task Events_of_an_unknown_artwork_get_404()
    {
        using var response = await Host.Client.GetAsync($"/v2/artworks/{Guid.NewGuid()}/events");
        Assert.That((int)response.StatusCode, Is.EqualTo(404));
    }
}
