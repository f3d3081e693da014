using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Given;

/// <summary>The network that comes with the source, loaded once for all hosts in this process that run it in the same
/// way. Loading it takes longer than most tests.</summary>
internal sealed class SharedNetworks : SegmenterLoader
{
    private static readonly ConcurrentDictionary<string, Lazy<Segmenter>> Loaded = new();

    public static ModelCache CacheFor(IServiceProvider host) => new(host.GetRequiredService<ModelCatalog>(),
        host.GetRequiredService<IOptions<ModelOptions>>(), host.GetRequiredService<IConfiguration>(),
        host.GetRequiredService<ILogger<ModelCache>>(), new SharedNetworks());

    public override Segmenter Open(FoundModel model, ModelOptions options, bool keepsMemory)
    {
        if (Path.GetDirectoryName(model.Path) != Path.Combine(Repo.Root, "models") || model.Larger is not null)
            return base.Open(model, options, keepsMemory);
        var way = FormattableString.Invariant(
            $"{model} {options.Provider} {options.Threads} {options.AugmentationLimit} {keepsMemory}");
        return Loaded.GetOrAdd(way, _ => new(() => base.Open(model, options, keepsMemory))).Value;
    }

    public override void Close(Segmenter segmenter)
    {
        if (!Loaded.Values.Any(shared => shared is { IsValueCreated: true } && shared.Value == segmenter))
            base.Close(segmenter);
    }
}
