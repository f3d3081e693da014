using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Process.Model;

/// <summary>The process's one network: loaded at start in the background, and waited for by whoever needs it first.</summary>
public sealed class LoadedModel : BackgroundService, IAsyncDisposable
{
    private readonly Lazy<Task<Segmenter>> _segmenter;
    private readonly ILogger<LoadedModel> _log;

    public LoadedModel(ModelCatalog catalog, IOptions<ModelOptions> options, ILogger<LoadedModel> log)
    {
        _log = log;
        _segmenter = new(() => Task.Run(() => Load(catalog, options.Value)));
    }

    /// <summary>Whether <see cref="Get"/> answers at once.</summary>
    public bool IsReady => _segmenter is { IsValueCreated: true, Value.IsCompletedSuccessfully: true };

    public Task<Segmenter> Get(CancellationToken cancel) => _segmenter.Value.WaitAsync(cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Get(stoppingToken);
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
        if (_segmenter.IsValueCreated)
        {
            await ((Task)_segmenter.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (IsReady) (await _segmenter.Value).Dispose();
        }
        Dispose();
    }

    private Segmenter Load(ModelCatalog catalog, ModelOptions options)
    {
        var start = Stopwatch.GetTimestamp();
        var segmenter = Segmenter.Open(catalog.Resolve(), options);
        _log.LogInformation("Network {Model} from {Path} ready on {Provider} after {Milliseconds:0} ms",
            segmenter.Larger is { } larger ? $"{segmenter.Model.Entry.Name}, where it is unsure {larger.Model.Entry.Name}" : segmenter.Model.Entry.Name, segmenter.Model.Path, segmenter.Provider, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        return segmenter;
    }
}
