using System.Text.Json;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Segmentation;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions.Web;

/// <summary>Collects what the page says about this service: limits, retention and models.</summary>
public sealed class PageFacts(ModelCatalog catalog, ModelCache loaded, ServiceRole role,
    IOptions<ResultOptions> results, IOptions<ImageOptions> image, IOptions<FetchOptions> fetch)
{
    /// <summary>The workers' model, which the same files and settings select.</summary>
    private readonly Lazy<string?> _selected = new(() => NameOf(catalog));

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Returns the settings as JSON, safe inside a script element.</summary>
    /// <param name="developmentKey">Null for a page that must ask for a key.</param>
    /// <param name="cancellationToken">Cancels the wait for the model.</param>
    public async Task<string> ToJsonAsync(string? developmentKey, CancellationToken cancellationToken)
    {
        var model = !role.NeedsModel ? _selected.Value
            : loaded.IsReady ? (await loaded.GetAsync(cancellationToken)).Model.Entry.Name : null;
        return JsonSerializer.Serialize(new
        {
            developmentKey,
            retentionSeconds = (long)results.Value.Retention.TotalSeconds,
            uploadBytes = RequestBody.LargestBody,
            downloadBytes = fetch.Value.MaxBytes,
            megapixels = image.Value.MaxPixels / 1e6,
            model,
            models = catalog.Manifest.ByRank.Select(entry =>
                new { entry.Name, entry.About, isInstalled = catalog.Offered.Contains(entry.Name) }),
        }, Json);
    }

    /// <returns>Null if there is no file, or a wrong one, which the workers report.</returns>
    private static string? NameOf(ModelCatalog catalog)
    {
        try
        {
            return catalog.Resolve().Entry.Name;
        }
        catch (Exception problem) when (problem is FileNotFoundException or InvalidDataException)
        {
            return null;
        }
    }
}
