using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>One artwork, as its owner sees it.</summary>
public sealed class ReadArtwork(ArtworkTable artworks, ArtworkViews views, TimeProvider clock)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <exception cref="ApiException">404 for an unknown id, and for another key's.</exception>
    public async Task<Artwork> FindAsync(ApiKey key, string id, CancellationToken cancellationToken)
    {
        var artwork = Guid.TryParse(id, out var guid) ? await artworks.FindAsync(guid, cancellationToken) : null;
        return artwork is not null && artwork.KeyId == key.Id ? artwork : throw ApiException.NotFound();
    }

    public async Task<ArtworkView> ReadAsync(ApiKey key, string id, CancellationToken cancellationToken) =>
        await views.OfAsync(await FindAsync(key, id, cancellationToken), cancellationToken);

    /// <summary>How long a caller is kept waiting without a word, so that nobody between us and them hangs up; and how
    /// long in all: Azure ends every answer after 230 s.</summary>
    private static readonly TimeSpan SilenceInterval = TimeSpan.FromSeconds(15),
        LongestWatch = TimeSpan.FromSeconds(210);

    /// <summary>The artwork as it is, and again whenever its status has changed, until it has ended,
    /// is deleted, or 210 s are over.</summary>
    /// <returns>Null where nothing has changed for 15 s.</returns>
    public async IAsyncEnumerable<Artwork?> WatchAsync(Artwork artwork,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = clock.GetUtcNow();
        var said = start;
        yield return artwork;
        while (!artwork.Status.IsTerminal() && clock.GetUtcNow() - start < LongestWatch)
        {
            await Task.Delay(PollInterval, clock, cancellationToken);
            if (await artworks.FindAsync(artwork.Id, cancellationToken) is not { } now) yield break;
            var hasChanged = now.Status != artwork.Status;
            artwork = now;
            if (hasChanged) yield return artwork;
            else if (clock.GetUtcNow() - said >= SilenceInterval) yield return null;
            else continue;
            said = clock.GetUtcNow();
        }
    }

    /// <summary>Waits until the artwork has ended, at most <paramref name="patience"/>.</summary>
    /// <returns>The artwork as it then is.</returns>
    public async Task<Artwork> WaitUntilEndedAsync(Artwork artwork, TimeSpan patience,
        CancellationToken cancellationToken)
    {
        var until = clock.GetUtcNow() + patience;
        while (!artwork.Status.IsTerminal() && clock.GetUtcNow() < until)
        {
            await Task.Delay(PollInterval, clock, cancellationToken);
            artwork = await artworks.FindAsync(artwork.Id, cancellationToken) ?? artwork;
        }
        return artwork;
    }
}
