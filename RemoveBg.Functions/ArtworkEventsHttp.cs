using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

/// <summary>Streams an artwork as server-sent events (WHATWG HTML, section 9.2): at once, and at each change until it
/// has ended.</summary>
public sealed class ArtworkEventsHttp(ApiEndpoint api, ReadArtwork read, ArtworkViews views, WaitingRequests waiting)
{
    [Function("ArtworkEvents")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/artworks/{id:guid}/events")]
        HttpRequest request, string id, CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Read, async (key, _) =>
        {
            var artwork = await read.FindAsync(key, id, cancellationToken);
            // nginx would pass all events on at the end.
            request.HttpContext.Response.Headers["X-Accel-Buffering"] = "no";
            if (HttpMethods.IsHead(request.Method)) return Results.Bytes([], "text/event-stream");
            var place = waiting.Begin(key);
            // Also where the caller leaves before the first event.
            request.HttpContext.Response.RegisterForDispose(place);
            // The stream is sent after this call has returned, so it ends by the host's token.
            return new EventStream(TypedResults.ServerSentEvents(EventsAsync(artwork, place, cancellationToken)),
                cancellationToken);
        }, cancellationToken, requests: 10);

    /// <param name="artwork">The artwork as it was read for the request.</param>
    /// <param name="place">Given back before the caller sees the end.</param>
    /// <param name="cancellationToken">Cancelled by the host.</param>
    private async IAsyncEnumerable<SseItem<string>> EventsAsync(Artwork artwork, IDisposable place,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var held = place;
        await foreach (var now in read.WatchAsync(artwork, cancellationToken))
            yield return now is null
                ? new("", "waiting")
                : new((await views.OfAsync(now, cancellationToken)).ToJson(), "status") { EventId = now.Status.Word(),
                    ReconnectionInterval = TimeSpan.FromSeconds(2) };
    }
}
