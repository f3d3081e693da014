using RemoveBg.Core.Artworks;
using RemoveBg.SelfHost.Cli.Cut.Engines;
using RemoveBg.SelfHost.Cli.Cut.Find;
using RemoveBg.SelfHost.Cli.Cut.Report;
using RemoveBg.SelfHost.Cli.Cut.Write;

namespace RemoveBg.SelfHost.Cli.Cut;

/// <summary>The main path of <c>removebg cut</c>.</summary>
internal static class RunCut
{
    public static Task<int> RunAsync(CutRequest request, CancellationToken cancellationToken) =>
        UserException.ShownAsync(async () =>
    {
        try
        {
            return await CutAllAsync(request, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
    });

    private static async Task<int> CutAllAsync(CutRequest request, CancellationToken cancellationToken)
    {
        // 1. Check the options as the API does.
        await using var services = CutServices.Create(request);
        var settings = ReadSettings.Run(request, services);

        // 2. Find the photos, and decide where each result goes.
        var (found, missing) = FindPhotos.In(request.Photos, request.Recursive, FolderOf(request.Output));
        var plan = OutputPlan.For(request.Output, settings.Format, request.Photos, found.Count);
        RequireSense(request, plan);
        var (wanted, skipped) = CheckOutputs.Run(Assign(found, plan), plan, request.SkipExisting || request.Watch,
            request.Force);

        // 3. Cut out, several at once; with --watch, until Ctrl-C.
        settings = settings with { Format = plan.Format };
        await using var cutter = request.Server is { } url ? ServerCutter.Create(url, settings)
            : (ICutter)new LocalCutter(services, settings);
        var report = new CutReport(request.Json ? Console.Out : null, Console.Error, Terminal.OpenError(),
            request.Quiet, TimeProvider.System);
        var work = new CutPhoto(cutter, plan, request);
        if (request.Watch)
            await new WatchPhotos(request, plan, all => EachAsync(all, work, report, request, cancellationToken),
                report, TimeProvider.System).RunAsync(cancellationToken);
        else
        {
            foreach (var it in missing)
                report.Add(PhotoOutcome.Failure(it.Name, new(it.Code, it.Reason)));
            foreach (var it in skipped) report.Add(new(it.Photo.Shown, it.Output, PhotoOutcome.Skipped));
            await report.WithProgressAsync(wanted.Count,
                () => EachAsync(wanted, work, report, request, cancellationToken));
        }

        // 4. Sum up.
        // One photo that failed has its line already.
        if (request.Watch || request.Photos.Count > 1 || wanted.Count + skipped.Count > 1
            || report.ExitCode == ExitCodes.Done)
            report.Summarise(wanted is [{ Output: { } only }] && !request.Watch ? only : null);
        return report.ExitCode;
    }

    /// <summary>Gives each photo the path of its result. A file that is the result of another photo is none, so that a
    /// second run does not cut out the results of the first.</summary>
    internal static List<Assignment> Assign(IReadOnlyList<Photo> found, OutputPlan plan)
    {
        if (plan.IsStandardOutput) return [.. found.Select(photo => new Assignment(photo, null))];
        var all = found.Select(photo => new Assignment(photo, plan.PathFor(photo))).ToList();
        var folders = new Dictionary<string, string>();
        var results = all.ToLookup(it => RealPath.Of(it.Output!, folders), it => it.Photo, RealPath.Comparer);
        return [.. all.Where(it => !it.Photo.IsOneOfMany
            || results[RealPath.Of(it.Photo.Shown, folders)].All(source => source == it.Photo))];
    }

    private static Task EachAsync(List<Assignment> wanted, CutPhoto work, CutReport report, CutRequest request,
        CancellationToken cancellationToken) => Parallel.ForEachAsync(wanted, new ParallelOptions
        {
            // The pipeline's slots decide how many run; one more photo is read meanwhile.
            MaxDegreeOfParallelism = request.Jobs > 0 ? request.Jobs : Environment.ProcessorCount + 1,
            CancellationToken = cancellationToken,
        }, async (it, token) => report.Add(await work.RunAsync(it, token)));

    private static void RequireSense(CutRequest request, OutputPlan plan)
    {
        if (request.Json && plan.IsStandardOutput) throw UserException.Usage(
            "--json and the result cannot both go to standard output: give --output FILE.");
        if (plan.IsStandardOutput && !Console.IsOutputRedirected) throw UserException.Usage(
            "the result would go to the terminal: redirect it, like '> cutout.webp', or give --output FILE.");
        if (request.Photos.Contains("-") && !Console.IsInputRedirected) throw UserException.Usage(
            "- is standard input, which is the terminal: pipe a photo into it, like '<photo.jpg'.");
        if (request.Watch && !request.Photos.All(FindPhotos.IsMany)) throw UserException.Usage(
            $"--watch takes folders and patterns: {request.Photos.First(it => !FindPhotos.IsMany(it))} is neither.");
        if (request.Photos.Count(photo => photo == "-") > 1) throw UserException.Usage(
            "- is given twice: standard input has one photo.");
    }

    /// <summary>Results are no photos: a folder of results may be below that of the photos.</summary>
    private static string? FolderOf(string? output) => output is not null && Directory.Exists(output) ? output : null;
}
