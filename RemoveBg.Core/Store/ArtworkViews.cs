using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Store;

/// <summary>Turns records into what callers and webhook receivers read.</summary>
public sealed class ArtworkViews(StoredImages images, ResultLinks links, IOptions<ResultOptions> options,
    TimeProvider clock)
{
    public async Task<ArtworkView> OfAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        // After the retention the file is gone: show no URL instead of a dead one.
        var kept = artwork.EndedAt + options.Value.Retention > clock.GetUtcNow();
        IReadOnlyList<string> results = artwork.ResultContentType is { } type && kept
            ? [links.IsOn ? links.Sign(artwork.Id)
                : await images.SignResultUrlAsync(artwork.Id, type, cancellationToken)]
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
