using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Read;

/// <summary>One artwork, as its owner sees it.</summary>
public sealed class ReadArtwork(ArtworkTable artworks, ArtworkViews views, TimeProvider clock)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <exception cref="ApiException">404 for an unknown id, and for another key's.</exception>
    public async Task<Artwork> Find(ApiKey key, string id, CancellationToken cancel)
    {
        var artwork = Guid.TryParse(id, out var guid) ? await artworks.Find(guid, cancel) : null;
        return artwork is not null && artwork.KeyId == key.Id ? artwork : throw ApiException.NotFound();
    }

    public async Task<ArtworkView> Read(ApiKey key, string id, CancellationToken cancel) =>
        await views.Of(await Find(key, id, cancel), cancel);

    /// <summary>Waits until the artwork has ended, at most <paramref name="patience"/>.</summary>
    /// <returns>The artwork as it then is.</returns>
    public async Task<Artwork> WaitUntilEnded(Artwork artwork, TimeSpan patience, CancellationToken cancel)
    {
        var until = clock.GetUtcNow() + patience;
        while (!artwork.Status.IsTerminal() && clock.GetUtcNow() < until)
        {
            await Task.Delay(PollInterval, clock, cancel);
            artwork = await artworks.Find(artwork.Id, cancel) ?? artwork;
        }
        return artwork;
    }
}
