using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

/// <summary>Server-sent events (WHATWG HTML, section 9.2): the artwork at once, and again at each change until it has ended.</summary>
public sealed class ArtworkEventsHttp(ApiEndpoint api, ReadArtwork read, ArtworkViews views)
{
    [Function("ArtworkEvents")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v2/artworks/{id}/events")] HttpRequest request, string id, CancellationToken cancel) =>
        api.Answer(request, Scopes.Read, async key =>
        {
            var artwork = await read.Find(key, id, cancel);
            return new EventStream(TypedResults.ServerSentEvents(Events(artwork, cancel)), cancel);
        }, cancel);

    private async IAsyncEnumerable<SseItem<string>> Events(Artwork artwork, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var now in read.Watch(artwork, cancel))
            yield return now is null
                ? new("", "waiting")
                : new((await views.Of(now, cancel)).ToJson(), "status") { EventId = now.Status.Word(), ReconnectionInterval = TimeSpan.FromSeconds(2) };
    }
}
