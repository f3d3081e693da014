using System.Globalization;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Networks;

/// <summary>Runs the subcommands of <c>removebg networks</c>.</summary>
internal sealed class NetworkAdmin(ModelCatalog catalog, Func<ModelDownload> download, IAnsiConsole console)
{
    public Task<int> ListAsync()
    {
        var table = new Table().AddColumns("name", "here", "size", "licence", "about");
        foreach (var entry in catalog.Manifest.ByRank)
        {
            var path = PathOf(entry);
            table.AddRow(new[] { entry.Name, path ?? "no", path is null ? ""
                : string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(path).Length / 1e6:0} MB"), entry.Licence,
                entry.About }.Select(Markup.Escape).ToArray());
        }
        console.Write(table);
        return Task.FromResult(ExitCodes.Done);
    }

    /// <exception cref="UserException">The model cannot be downloaded.</exception>
    public async Task<int> GetAsync(string name, CancellationToken cancellationToken)
    {
        var entry = catalog.Manifest.Find(name) ?? throw UserException.Usage($"{name} is in no manifest: it must be "
            + $"one of {string.Join(", ", catalog.Manifest.ByRank.Select(model => model.Name))}.");
        if (PathOf(entry) is { } there && ModelCatalog.HasDigest(there, entry))
        {
            console.WriteLine($"{name} is here already: {there}");
            return ExitCodes.Done;
        }
        if (entry.Address is null) throw new UserException(
            $"{name} comes with the program and cannot be downloaded: put {entry.File} into one of "
            + $"{string.Join(", ", catalog.Folders)}.");
        try
        {
            var path = await ShowDownload.RunAsync(download, entry, catalog.CacheFolder, console, cancellationToken);
            console.WriteLine($"{name}: {path}");
            return ExitCodes.Done;
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or InvalidDataException
            or UnauthorizedAccessException
            || problem is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new UserException($"{name} could not be downloaded from {entry.Address}: {problem.Message}");
        }
    }

    public Task<int> VerifyAsync()
    {
        var (present, wrong) = (0, 0);
        foreach (var entry in catalog.Manifest.ByRank)
        {
            if (PathOf(entry) is not { } path) continue;
            present++;
            var isRight = ModelCatalog.HasDigest(path, entry);
            if (!isRight) wrong++;
            console.WriteLine(isRight ? $"{entry.Name}: {path} is intact"
                : $"{entry.Name}: {path} is not this model, or damaged: delete it, then "
                    + (entry.Address is null ? "install the program again" : $"'removebg networks get {entry.Name}'"));
        }
        if (present == 0) throw new UserException($"no model is in {string.Join(", ", catalog.Folders)}. "
            + $"'{CommandLine.ToolName} networks get {ModelManifest.Recommended}' downloads one.");
        return Task.FromResult(wrong == 0 ? ExitCodes.Done : ExitCodes.Failed);
    }

    private string? PathOf(ModelEntry entry) =>
        catalog.Folders.Select(folder => Path.Combine(folder, entry.File)).FirstOrDefault(File.Exists);
}
