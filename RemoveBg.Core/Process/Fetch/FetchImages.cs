using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Network;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Process.Fetch;

/// <summary>Gets the images of an artwork: downloads them, or reads those that came with the request.</summary>
public sealed class FetchImages(ImageFetcher fetcher, StoredImages images, IOptions<FetchOptions> options,
    RunningTime time, ILogger<FetchImages> log)
{
    /// <summary>Longest download from a server that is not slow.</summary>
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(5);

    private readonly OutgoingSlots _slots =
        new(options.Value.MaxAtOnce, perServer: options.Value.MaxAtOnce, SlowAfter, time);

    /// <summary>Number of files that an artwork needs: 1 or 2.</summary>
    public static int FilesOf(Artwork artwork) => HasImageBehind(artwork) ? 2 : 1;

    /// <summary>Takes a slot for an artwork's downloads, so that slow servers do not delay other keys'
    /// artworks.</summary>
    /// <param name="artwork">The artwork.</param>
    /// <param name="slot">The slot; null if none is free for its key, or none is needed.</param>
    /// <param name="wait">Time after which to try again.</param>
    /// <returns>False if none is free.</returns>
    internal bool TryReserve(Artwork artwork, out OutgoingSlots.Slot? slot, out TimeSpan wait)
    {
        var urls = new[] { artwork.HasStoredInput ? null : artwork.ImageUrl,
            (artwork.Options?.Background as Background.ImageUrl)?.Text }.OfType<string>().ToList();
        (slot, wait) = (null, TimeSpan.Zero);
        if (urls.Count == 0) return true;
        var servers = urls.Select(url => new Uri(url).GetLeftPart(UriPartial.Authority));
        slot = _slots.TryEnter(artwork.KeyId, string.Join(' ', servers), out wait);
        return slot is not null;
    }

    /// <summary>Gets the photo of an artwork.</summary>
    /// <exception cref="ArtworkFailedException">It could not be downloaded, or is no longer stored.</exception>
    public async Task<FetchedImage> PhotoAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        using var activity = Tracing.Start("fetch", ActivityKind.Internal, artwork.Id);
        return await FillAsync(artwork, image => artwork.HasStoredInput
            ? CopyAsync(artwork.Id, StoredInput.Photo, image, cancellationToken)
            : fetcher.FetchAsync(artwork.ImageUrl, image, cancellationToken));
    }

    /// <summary>Gets the background image of an artwork.</summary>
    /// <returns>Null if no image is wanted behind the subject.</returns>
    /// <exception cref="ArtworkFailedException">As for the photo; the message names the background.</exception>
    public async Task<FetchedImage?> BackgroundAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        if (!HasImageBehind(artwork)) return null;
        using var activity = Tracing.Start("fetch background", ActivityKind.Internal, artwork.Id);
        try
        {
            return await FillAsync(artwork, image => artwork.Options?.Background is Background.ImageUrl url
                ? fetcher.FetchAsync(url.Text, image, cancellationToken)
                : CopyAsync(artwork.Id, StoredInput.Background, image, cancellationToken));
        }
        catch (ArtworkFailedException problem)
        {
            throw problem.Of("background");
        }
    }

    private static bool HasImageBehind(Artwork artwork) =>
        artwork.Options?.Background is Background.ImageUrl or Background.StoredImage;

    private async Task<FetchedImage> FillAsync(Artwork artwork, Func<FetchedImage, Task> fill)
    {
        var image = new FetchedImage(images.NewPieces(artwork.Id), log);
        try
        {
            await fill(image);
            return image;
        }
        catch
        {
            await image.DisposeAsync();
            throw;
        }
    }

    private async Task CopyAsync(Guid id, StoredInput which, FetchedImage image, CancellationToken cancellationToken)
    {
        await using var stored = (await images.OpenInputAsync(id, which, cancellationToken)
            ?? throw new ArtworkFailedException(ArtworkFailure.ImageUnreachable,
                "The image that came with the request is no longer stored.")).Content;
        while (await stored.ReadAsync(image.Free, cancellationToken) is > 0 and var read)
            await image.AdvanceAsync(read);
        await image.CompleteAsync();
    }
}
