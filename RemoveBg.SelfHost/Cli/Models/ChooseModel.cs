using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Models;

/// <summary>Before the host starts: fetches the network that was asked for, or on the first start the recommended one,
/// if the internet answers. The host itself never downloads.</summary>
internal sealed class ChooseModel(ModelOptions options, string localFolder, bool isOffline,
    Func<ModelDownload> download, IAnsiConsole console, TimeProvider clock)
{
    /// <summary>A machine without internet is not asked to wait at every start.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromDays(1);

    private readonly ModelCatalog _catalog = new(Options.Create(options));

    private string AskedMark => Path.Combine(localFolder, "asked-for-model");

    /// <returns>The network that will be used.</returns>
    /// <exception cref="UserException">There is none, or not the one that was asked for.</exception>
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

    /// <summary>One or two lines on what is used, and what a better one would bring.</summary>
    public string Describe(FoundModel used)
    {
        var text = $"Network: {used.Entry.Name} ({used.Entry.About}), {used.Path}";
        if (used.Larger is { } larger) return $"{text}; where it is unsure {larger.Entry.Name}, {larger.Path}";
        var best = _catalog.Manifest.ByRank.First();
        return used.Entry.Rank >= best.Rank || options.Path is not null ? text
            : $"{text}\n  Better: {best.Name} ({best.About}). With internet: ./run --model {best.Name}; without: "
                + $"put {best.File} into models/.";
    }

    private async Task FetchIfWantedAsync(CancellationToken cancellationToken)
    {
        var isAuto = options.Name is "auto" or ModelCatalog.Cascade;
        var wanted = _catalog.Manifest.Find(isAuto ? ModelManifest.Recommended : options.Name);
        if (wanted?.Address is null || isOffline || _catalog.Find(wanted) is not null) return;
        if (isAuto && File.Exists(AskedMark) && clock.GetUtcNow() - File.GetLastWriteTimeUtc(AskedMark) < AskAgainAfter)
            return;

        console.MarkupLineInterpolated(
            $"Fetching network [bold]{wanted.Name}[/] ({wanted.Licence}) from {wanted.Address}");
        try
        {
            using var fetch = download();
            await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(),
                new DownloadedColumn(), new TransferSpeedColumn()).StartAsync(async bars =>
            {
                var bar = bars.AddTask(wanted.File);
                await fetch.FetchAsync(wanted, _catalog.CacheFolder, new Progress<(long Bytes, long? Total)>(now =>
                    (bar.MaxValue, bar.Value) = (now.Total ?? now.Bytes + 1, now.Bytes)), cancellationToken);
            });
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or InvalidDataException
            || problem is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            if (!isAuto) throw new UserException($"The network '{wanted.Name}' is not here and could not be fetched "
                + $"from {wanted.Address}: {problem.Message}");
            var why = problem is InvalidDataException ? problem.Message : "The internet does not answer.";
            console.WriteLine($"{why} Going on with what is here (asked again tomorrow; --offline never asks).");
            Directory.CreateDirectory(localFolder);
            await File.WriteAllTextAsync(AskedMark, "", cancellationToken);
        }
    }
}
