using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Segmentation;

/// <summary>Loads networks once per process: the configured one in the background at startup, and others when a request
/// first names them.</summary>
/// <remarks>Networks stay loaded, but only the configured one keeps its working memory between runs.</remarks>
public sealed class ModelCache : BackgroundService, IAsyncDisposable
{
    private readonly Lazy<Task<Segmenter>> _segmenter;
    private readonly ConcurrentDictionary<string, Lazy<Task<Segmenter>>> _others = new();
    private readonly ModelCatalog _catalog;
    private readonly SegmenterLoader _loader;
    private readonly ModelOptions _options;
    private readonly IConfiguration _settings;
    private readonly ILogger<ModelCache> _log;

    public ModelCache(ModelCatalog catalog, IOptions<ModelOptions> options, IConfiguration settings,
        ILogger<ModelCache> log)
        : this(catalog, options, settings, log, new())
    {
    }

    internal ModelCache(ModelCatalog catalog, IOptions<ModelOptions> options, IConfiguration settings,
        ILogger<ModelCache> log, SegmenterLoader loader)
    {
        (_catalog, _options, _settings, _log, _loader) = (catalog, options.Value, settings, log, loader);
        _segmenter = new(() => Task.Run(() => Load(catalog.Resolve, keepsMemory: true)));
    }

    /// <summary>True once the configured network is loaded.</summary>
    public bool IsReady => _segmenter is { IsValueCreated: true, Value.IsCompletedSuccessfully: true };

    /// <summary>Returns the configured network once it is loaded.</summary>
    /// <param name="cancellationToken">Cancels the wait, not the loading.</param>
    public Task<Segmenter> GetAsync(CancellationToken cancellationToken) =>
        _segmenter.Value.WaitAsync(cancellationToken);

    /// <summary>Returns a network by name once it is loaded.</summary>
    /// <param name="name">A name from <see cref="ModelCatalog.Offered"/>.</param>
    /// <param name="cancellationToken">Cancels the wait, not the loading.</param>
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
            // Let the next request try again: the file may have been fixed.
            _others.TryRemove(new(name, loading));
            throw;
        }
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, reason) in ModelOptions.Former)
            if (_settings[$"{ModelOptions.Section}:{name}"] is not null)
                _log.FormerSetting($"{ModelOptions.Section}:{name}", reason);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await GetAsync(stoppingToken);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            // Stay up: /readyz reports the failure, which says more than a process that keeps restarting.
            _log.ModelNotLoaded(problem.Message);
        }
    }

    /// <summary>Waits for loads in progress, because native code must not run past the process's exit.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var loading in _others.Values.Append(_segmenter).Where(loading => loading.IsValueCreated))
        {
            await ((Task)loading.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (loading.Value.IsCompletedSuccessfully) _loader.Close(await loading.Value);
        }
        Dispose();
    }

    private Segmenter Load(Func<FoundModel> find, bool keepsMemory)
    {
        var start = Stopwatch.GetTimestamp();
        var segmenter = _loader.Open(find(), _options, keepsMemory);
        var name = segmenter.Model.Entry.Name;
        if (segmenter.Larger is { } larger) name += $" (if uncertain, {larger.Model.Entry.Name})";
        _log.ModelLoaded(name, segmenter.Model.Path, segmenter.Provider,
            Stopwatch.GetElapsedTime(start).TotalMilliseconds, segmenter.MemoryMB);
        return segmenter;
    }
}
