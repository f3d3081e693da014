using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Manage;

/// <summary>Reads, watches and waits for one artwork of a key.</summary>
public sealed class ReadArtwork(ArtworkTable artworks, TimeProvider clock)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <exception cref="ApiException">404: the id is unknown or belongs to another key.</exception>
    public async Task<Artwork> FindAsync(ApiKey key, string id, CancellationToken cancellationToken)
    {
        var artwork = Guid.TryParse(id, out var guid) ? await artworks.FindAsync(guid, cancellationToken) : null;
        return artwork is not null && artwork.KeyId == key.Id ? artwork : throw ApiException.NotFound();
    }

    /// <summary>Finds an artwork for a signed URL, which was made after the key had been checked.</summary>
    /// <exception cref="ApiException">404: the id is unknown.</exception>
    public async Task<Artwork> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await artworks.FindAsync(id, cancellationToken) ?? throw ApiException.NotFound();

    /// <summary>Longest silence, so that no proxy closes the connection, and longest stream: Azure ends every response
    /// after 230 s.</summary>
    private static readonly TimeSpan SilenceInterval = TimeSpan.FromSeconds(15),
        LongestWatch = TimeSpan.FromSeconds(210);

    /// <summary>Streams the artwork: at once, and at each change of its status, until it has ended, has been deleted,
    /// or 210 s have passed.</summary>
    /// <returns>The artwork; null after 15 s without a change.</returns>
    public async IAsyncEnumerable<Artwork?> WatchAsync(Artwork artwork,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var lastSent = start;
        yield return artwork;
        while (!artwork.Status.IsTerminal() && clock.GetElapsedTime(start) < LongestWatch)
        {
            await Task.Delay(PollInterval, clock, cancellationToken);
            if (await artworks.FindAsync(artwork.Id, cancellationToken) is not { } now) yield break;
            var hasChanged = now.Status != artwork.Status;
            artwork = now;
            if (hasChanged) yield return artwork;
            else if (clock.GetElapsedTime(lastSent) >= SilenceInterval) yield return null;
            else continue;
            lastSent = clock.GetTimestamp();
        }
    }

    /// <summary>Waits until the artwork has ended, at most <paramref name="patience"/>.</summary>
    /// <returns>The latest record, whether ended or not.</returns>
    /// <exception cref="ApiException">404: the artwork has been deleted meanwhile.</exception>
    public async Task<Artwork> WaitUntilEndedAsync(Artwork artwork, TimeSpan patience,
        CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        while (!artwork.Status.IsTerminal() && clock.GetElapsedTime(start) < patience)
        {
            await Task.Delay(PollInterval, clock, cancellationToken);
            artwork = await artworks.FindAsync(artwork.Id, cancellationToken) ?? throw ApiException.NotFound();
        }
        return artwork;
    }
}
