using RemoveBg.SelfHost.Cli.Cut.Engines;
using RemoveBg.SelfHost.Cli.Cut.Find;
using RemoveBg.SelfHost.Cli.Cut.Report;
using RemoveBg.SelfHost.Cli.Cut.Write;

namespace RemoveBg.SelfHost.Cli.Cut;

/// <summary>Cuts out photos that appear or change, until it is cancelled.</summary>
/// <remarks>It lists the folders once per second, which works on network shares too. A photo is complete when size and
/// time of change are the same in two lists.</remarks>
/// <param name="cutOut">Cuts out some photos, and reports each.</param>
internal sealed class WatchPhotos(CutRequest request, OutputPlan plan, Func<List<Assignment>, Task> cutOut,
    CutReport report, TimeProvider clock)
{
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Version> _seen = [], _done = [];

    /// <summary>The photo of each result that was made here.</summary>
    private readonly Dictionary<string, string> _made = [];

    /// <summary>Folders that are gone or cannot be read, each reported once.</summary>
    private readonly HashSet<string> _missing = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        report.Say($"{CommandLine.ToolName}: watching {string.Join(", ", request.Photos)}; Ctrl-C ends it");
        try
        {
            using var ticks = new PeriodicTimer(Pause, clock);
            while (await ticks.WaitForNextTickAsync(cancellationToken))
            {
                var complete = Complete();
                foreach (var it in complete.Where(it => Path.Exists(it.Output))) report.Add(OutcomeOfExisting(it));
                await cutOut([.. complete.Where(it => !Path.Exists(it.Output)).Where(CanBeWritten)]);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // This is how a watch ends.
        }
    }

    /// <returns>Photos that are new or changed, and no longer being written.</returns>
    private List<Assignment> Complete()
    {
        var except = plan.Folder is { } folder && Directory.Exists(folder) ? folder : null;
        var (found, missing) = FindPhotos.In(request.Photos, request.Recursive, except);
        var gone = missing.Where(it => !it.IsEmpty).ToList();
        foreach (var it in gone.Where(it => _missing.Add(it.Name)))
            report.Say($"{CommandLine.ToolName}: {it.Name}: {it.Reason}");
        _missing.IntersectWith(gone.Select(it => it.Name));
        return [.. RunCut.Assign(found, plan).Where(it => IsComplete(it.Photo.Shown))];
    }

    /// <summary>A result of an earlier run, or of a photo's earlier version, is left alone. One of another photo was
    /// not expected.</summary>
    private PhotoOutcome OutcomeOfExisting(Assignment it) =>
        _made.TryGetValue(it.Output!, out var other) && other != it.Photo.Shown
            ? PhotoOutcome.Failure(it.Photo.Shown, new(FailureCodes.Exists, $"{it.Output} is the result of {other}."
                + " Give a pattern with {name}, {dir} or {folder} that keeps them apart."))
            : new(it.Photo.Shown, it.Output, PhotoOutcome.Skipped);

    /// <summary>Makes the result's folder, which may be new or have been removed.</summary>
    private bool CanBeWritten(Assignment it)
    {
        if (ResultFile.ProblemWith(Path.GetDirectoryName(it.Output!)!, create: true) is { } problem)
        {
            report.Add(PhotoOutcome.Failure(it.Photo.Shown, new(FailureCodes.Unwritable, problem)));
            return false;
        }
        _made[it.Output!] = it.Photo.Shown;
        return true;
    }

    private bool IsComplete(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length == 0) return false;
        var now = new Version(file.Length, file.LastWriteTimeUtc);
        if (_done.TryGetValue(path, out var done) && done == now) return false;
        if (!_seen.TryGetValue(path, out var before) || before != now)
        {
            _seen[path] = now;
            return false;
        }
        _done[path] = now;
        return true;
    }

    private readonly record struct Version(long Bytes, DateTime ChangedAt);
}
