using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Networks;

/// <summary>Chooses the model before the host starts, and downloads the requested one, or at the first start the
/// recommended one. The host itself never downloads.</summary>
internal sealed class ChooseModel(ModelOptions options, string localFolder, bool isOffline,
    Func<ModelDownload> download, IAnsiConsole console, TimeProvider clock)
{
    /// <summary>Time between two attempts, so that a machine without internet does not wait at every start.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromDays(1);

    private readonly ModelCatalog _catalog = new(Options.Create(options));

    private string AskedMark => Path.Combine(localFolder, "asked-for-model");

    /// <returns>The model that will be used.</returns>
    /// <exception cref="UserException">No model, or not the requested one, is present.</exception>
    public async Task<FoundModel> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (options.Path is null) await FetchIfWantedAsync(cancellationToken);
            return _catalog.Resolve();
        }
        catch (Exception problem) when (problem is FileNotFoundException or InvalidDataException)
        {
            throw new UserException(problem.Message);
        }
    }

    /// <summary>Describes the model in use, and a better one if there is one, in one or two lines.</summary>
    public string Describe(FoundModel used)
    {
        var text = $"Model: {used.Entry.Name} ({used.Entry.About}), {used.Path}";
        if (used.Larger is { } larger) return $"{text}; if uncertain, {larger.Entry.Name}, {larger.Path}";
        var best = _catalog.Manifest.ByRank.First();
        // What was chosen by its name alone has no rank to compare.
        return used.Entry.Rank == 0 || used.Entry.Rank >= best.Rank || options.Path is not null ? text
            : $"{text}\n  Better: {best.Name} ({best.About}). To download it: {CommandLine.ToolName} networks "
                + $"get {best.Name}; offline: put {best.File} into models/.";
    }

    private async Task FetchIfWantedAsync(CancellationToken cancellationToken)
    {
        var isAuto = options.Name is "auto" or ModelCatalog.Cascade;
        var wanted = _catalog.Manifest.Find(isAuto ? ModelManifest.Recommended : options.Name);
        if (wanted?.Address is null || isOffline || _catalog.Find(wanted) is not null) return;
        if (isAuto && File.Exists(AskedMark) && clock.GetUtcNow() - File.GetLastWriteTimeUtc(AskedMark) < AskAgainAfter)
            return;

        try
        {
            await ShowDownload.RunAsync(download, wanted, _catalog.CacheFolder, console, cancellationToken);
        }
        catch (Exception problem) when (problem is HttpRequestException or InvalidDataException
            || FileProblem.Is(problem)
            || problem is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            if (!isAuto) throw new UserException($"The model '{wanted.Name}' is not present and could not be "
                + $"downloaded from {wanted.Address}: {problem.Message}");
            var why = problem is InvalidDataException ? problem.Message : "Download failed.";
            console.WriteLine($"{why} Using a local model; next try in 24 h (--offline never tries).");
            await RememberAsync(cancellationToken);
        }
    }

    /// <summary>Notes the time of the attempt. If it cannot be written, the next start asks again.</summary>
    private async Task RememberAsync(CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(localFolder);
            await File.WriteAllTextAsync(AskedMark, "", cancellationToken);
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            console.WriteLine($"{AskedMark} cannot be written: {FileProblem.Reason(problem, AskedMark)}.");
        }
    }
}
