using System.Diagnostics;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Process.Fetch;

/// <summary>Gets the images of an artwork: downloads them, or reads those that came with the request.</summary>
public sealed class FetchImages(ImageFetcher fetcher, StoredImages images)
{
    /// <summary>Gets the photo of an artwork.</summary>
    /// <exception cref="ArtworkFailedException">It could not be downloaded, or is no longer stored.</exception>
    public async Task<FetchedImage> PhotoAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        using var activity = Tracing.Start("fetch", ActivityKind.Internal, artwork.Id);
        return artwork.HasStoredInput ? await StoredAsync(artwork.Id, StoredInput.Photo, cancellationToken)
            : await fetcher.FetchAsync(artwork.ImageUrl, cancellationToken);
    }

    /// <summary>Gets the background image of an artwork.</summary>
    /// <returns>Null if no image is wanted behind the subject.</returns>
    /// <exception cref="ArtworkFailedException">As for the photo; the message names the background.</exception>
    public async Task<FetchedImage?> BackgroundAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        var background = artwork.Options?.Background;
        if (background is null or Background.Solid) return null;
        using var activity = Tracing.Start("fetch background", ActivityKind.Internal, artwork.Id);
        try
        {
            return background is Background.ImageUrl url
                ? await fetcher.FetchAsync(url.Text, cancellationToken)
                : await StoredAsync(artwork.Id, StoredInput.Background, cancellationToken);
        }
        catch (ArtworkFailedException problem)
        {
            throw problem.Of("background");
        }
    }

    private async Task<FetchedImage> StoredAsync(Guid id, StoredInput which, CancellationToken cancellationToken) =>
        await images.GetInputAsync(id, which, cancellationToken) is { } input
            ? FetchedImage.From(input.ToMemory())
            : throw new ArtworkFailedException(ArtworkFailure.ImageUnreachable,
                "The image that came with the request is no longer stored.");
}
