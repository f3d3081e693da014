using System.Diagnostics;
using RemoveBg.Core.Artworks;
using RemoveBg.SelfHost.Cli.Cut.Engines;
using RemoveBg.SelfHost.Cli.Cut.Metadata;
using RemoveBg.SelfHost.Cli.Cut.Report;
using RemoveBg.SelfHost.Cli.Cut.Write;

namespace RemoveBg.SelfHost.Cli.Cut;

/// <summary>Takes one photo from reading to writing.</summary>
internal sealed class CutPhoto(ICutter cutter, OutputPlan plan, CutRequest request)
{
    /// <returns>The outcome, success or failure.</returns>
    public async Task<PhotoOutcome> RunAsync(Assignment it, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            // 1. Cut out.
            var result = await cutter.CutAsync(it.Photo, cancellationToken);
            RequireFormat(result);

            // 2. Write the result.
            var file = request.KeepExif && result.Source is { } source
                ? KeepExif.Run(source.Span, result) : result.File;
            await WriteAsync(it.Output, file, cancellationToken);
            return new(it.Photo.Shown, it.Output, PhotoOutcome.Succeeded, null, result.Width, result.Height,
                Elapsed(start));
        }
        catch (PhotoFailedException problem)
        {
            return PhotoOutcome.Failure(it.Photo.Shown, problem, Elapsed(start));
        }
        catch (Exception problem) when (problem is not (UserException or OperationCanceledException))
        {
            // As in the service, a fault of ours fails this photo, and not those that come after it.
            return PhotoOutcome.Failure(it.Photo.Shown, new(ArtworkFailure.InternalError,
                $"a fault of the program, please report it: {problem.GetType().Name}: "
                    + problem.Message.ReplaceLineEndings(" ")), Elapsed(start));
        }
    }

    /// <summary>An image that is too large for WebP comes as PNG, which must not get another ending.</summary>
    private void RequireFormat(CutOutFile result)
    {
        var ending = ResultTypes.Extension(result.ContentType);
        if (ending != plan.Ending) throw new PhotoFailedException(ArtworkFailure.ImageTooManyPixels,
            $"the result is too large for .{plan.Ending}: give --format {ending}, or --size.");
    }

    private async Task WriteAsync(string? path, ReadOnlyMemory<byte> file, CancellationToken cancellationToken)
    {
        try
        {
            if (path is not null)
            {
                await WholeFile.WriteAsync(path, file, request.Force, cancellationToken);
                return;
            }
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(file, cancellationToken);
        }
        catch (IOException) when (path is not null && !request.Force && File.Exists(path))
        {
            throw new PhotoFailedException(FailureCodes.Exists, $"{path} exists. --force replaces it.");
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            throw new PhotoFailedException(FailureCodes.Unwritable,
                $"{path ?? "standard output"} cannot be written: {FileProblem.Reason(problem, path ?? "")}.");
        }
    }

    private static long Elapsed(long start) => (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}
