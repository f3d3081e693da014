using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Store;

/// <summary>The one place that turns a record into what callers and webhook receivers read.</summary>
public sealed class ArtworkViews(StoredImages pictures, IOptions<ResultOptions> options, TimeProvider clock)
{
    public async Task<ArtworkView> OfAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        // After the retention the file is gone: better no URL than a dead one.
        var kept = artwork.EndedAt + options.Value.Retention > clock.GetUtcNow();
        IReadOnlyList<string> results = artwork.ResultContentType is { } type && kept
            ? [await pictures.SignResultUrlAsync(artwork.Id, type, cancellationToken)]
            : [];
        return new(
            artwork.Id,
            "remove_background",
            ArtworkParameters.Of(artwork),
            artwork.Duration.WireSeconds(),
            results,
            artwork.Status.Word(),
            artwork.CreatedAt.Wire(),
            artwork.Failure);
    }
}
