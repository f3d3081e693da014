using Microsoft.Extensions.Logging.Abstractions;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Downloads of photos by the service's own fetcher.</summary>
public abstract class ImageFetchTests : OneHostTests
{
    internal async Task<FetchedImage> FetchAsync(string url)
    {
        var image = new FetchedImage(Host.Get<StoredImages>().NewPieces(Guid.NewGuid()), NullLogger.Instance);
        await Host.Get<ImageFetcher>().FetchAsync(url, image, CancellationToken.None);
        return image;
    }

    protected void AssertFails(string url, string code, bool isTransient) =>
        Assert.That(() => FetchAsync(url),
            Throws.TypeOf<ArtworkFailedException>().With.Property("Failure").Property("Code").EqualTo(code).And
                .Property("IsTransient").EqualTo(isTransient));
}
