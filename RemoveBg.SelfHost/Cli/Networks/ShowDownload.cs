using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Networks;

/// <summary>Downloads a model under a progress bar.</summary>
internal static class ShowDownload
{
    /// <returns>The file's path.</returns>
    public static async Task<string> RunAsync(Func<ModelDownload> download, ModelEntry model, string folder,
        IAnsiConsole console, CancellationToken cancellationToken)
    {
        console.MarkupLineInterpolated(
            $"Downloading model [bold]{model.Name}[/] ({model.Licence}) from {model.Address}");
        using var fetch = download();
        return await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(),
            new DownloadedColumn(), new TransferSpeedColumn()).StartAsync(bars =>
        {
            var bar = bars.AddTask(model.File);
            return fetch.FetchAsync(model, folder, new Progress<(long Bytes, long? Total)>(now =>
                (bar.MaxValue, bar.Value) = (now.Total ?? now.Bytes + 1, now.Bytes)), cancellationToken);
        });
    }
}
