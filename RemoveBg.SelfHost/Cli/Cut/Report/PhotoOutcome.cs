using RemoveBg.SelfHost.Cli.Cut.Engines;

namespace RemoveBg.SelfHost.Cli.Cut.Report;

/// <summary>The outcome of one photo; also one JSON line.</summary>
/// <param name="Input">The photo, as the user wrote it.</param>
/// <param name="Output">Path of the result; null for standard output, and if there is none.</param>
/// <param name="Status"><c>succeeded</c>, <c>failed</c> or <c>skipped</c>.</param>
/// <param name="Error">Reason of a failure.</param>
/// <param name="Width">Width of the result, in pixels.</param>
/// <param name="Height">Height of the result, in pixels.</param>
/// <param name="DurationMs">Time from reading the photo to writing the result, in milliseconds.</param>
internal sealed record PhotoOutcome(string Input, string? Output, string Status, PhotoError? Error = null,
    int? Width = null, int? Height = null, long? DurationMs = null)
{
    public const string Succeeded = "succeeded", Failed = "failed", Skipped = "skipped";

    public static PhotoOutcome Failure(string input, PhotoFailedException problem, long? durationMs = null) =>
        new(input, null, Failed, new(problem.Code, problem.Message), DurationMs: durationMs);
}

/// <summary>The reason of a failure.</summary>
/// <param name="Code">For programs.</param>
/// <param name="Message">For people.</param>
internal sealed record PhotoError(string Code, string Message);
