using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Segmentation;

/// <summary>The process's networks: the configured one, loaded at start in the background and waited for by whoever
/// needs it first, and those that requests have asked for by name, which stay, but not their working memory.</summary>
public sealed class ModelCache : BackgroundService, IAsyncDisposable
{
    private readonly Lazy<Task<Segmenter>> _segmenter;
    private readonly ConcurrentDictionary<string, Lazy<Task<Segmenter>>> _others = new();
    private readonly ModelCatalog _catalog;
    private readonly ModelOptions _options;
    private readonly ILogger<ModelCache> _log;

    public ModelCache(ModelCatalog catalog, IOptions<ModelOptions> options, ILogger<ModelCache> log)
    {
        (_catalog, _options, _log) = (catalog, options.Value, log);
        _segmenter = new(() => Task.Run(() => Load(catalog.Resolve, keepsMemory: true)));
    }

    /// <summary>Whether <see cref="GetAsync(CancellationToken)"/> answers at once.</summary>
    public bool IsReady => _segmenter is { IsValueCreated: true, Value.IsCompletedSuccessfully: true };

    public Task<Segmenter> GetAsync(CancellationToken cancellationToken) =>
        _segmenter.Value.WaitAsync(cancellationToken);

    /// <param name="name">One of <see cref="ModelCatalog.Offered"/>.</param>
    /// <param name="cancellationToken">Ends the waiting, not the loading.</param>
    public async Task<Segmenter> GetAsync(string name, CancellationToken cancellationToken)
    {
        var configured = await GetAsync(cancellationToken);
        if (name == "auto" || name == _options.Name || name == configured.Model.Entry.Name && configured.Larger is null)
            return configured;
        var loading = _others.GetOrAdd(name,
            _ => new(() => Task.Run(() => Load(() => _catalog.Resolve(name), keepsMemory: false))));
        try
        {
            return await loading.Value.WaitAsync(cancellationToken);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            // The next one tries again: the file may have been put right.
            _others.TryRemove(new(name, loading));
            throw;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await GetAsync(stoppingToken);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            // The host stays up and says so by /readyz; a process that dies and restarts would say less.
            _log.LogCritical("The network could not be loaded: {Reason}", problem.Message);
        }
    }

    /// <summary>Waits for a load that is under way: native code must not outlive the process's exit.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var loading in _others.Values.Append(_segmenter).Where(loading => loading.IsValueCreated))
        {
            await ((Task)loading.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (loading.Value.IsCompletedSuccessfully) (await loading.Value).Dispose();
        }
        Dispose();
    }

    private Segmenter Load(Func<FoundModel> find, bool keepsMemory)
    {
        var start = Stopwatch.GetTimestamp();
        var segmenter = Segmenter.Open(find(), _options, keepsMemory);
        _log.LogInformation(
            "Network {Model} from {Path} ready on {Provider} after {Milliseconds:0} ms; it takes {Megabytes} MB",
            segmenter.Larger is { } larger ? $"{segmenter.Model.Entry.Name}, where it "
                + $"is unsure {larger.Model.Entry.Name}" : segmenter.Model.Entry.Name, segmenter.Model.Path,
                segmenter.Provider, Stopwatch.GetElapsedTime(start).TotalMilliseconds, segmenter.MemoryMB);
        return segmenter;
    }
}
