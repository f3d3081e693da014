using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RemoveBg.SelfHost.Cli.Cut.Engines;
using RemoveBg.SelfHost.Hosting;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Cut.Report;

/// <summary>Reports progress, errors and a summary on standard error, and JSON lines on standard
/// output.</summary>
/// <param name="output">Receives JSON lines; null for none.</param>
/// <param name="errors">Receives everything else.</param>
/// <param name="terminal">The terminal behind <paramref name="errors"/>, for a progress bar; null if it is
/// none.</param>
/// <param name="isQuiet">Whether errors alone are printed.</param>
internal sealed class CutReport(TextWriter? output, TextWriter errors, IAnsiConsole? terminal, bool isQuiet,
    TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly long _start = clock.GetTimestamp();
    private int _succeeded, _failed, _skipped;
    private ProgressTask? _bar;

    public int ExitCode => _failed == 0 ? ExitCodes.Done : ExitCodes.Failed;

    /// <summary>Runs the work under a progress bar, if there are several photos and a terminal.</summary>
    public async Task WithProgressAsync(int photos, Func<Task> work)
    {
        if (terminal is null || isQuiet || photos < 2)
        {
            await work();
            return;
        }
        await terminal.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(),
            new CountColumn(), new RateColumn(), new RemainingTimeColumn()).StartAsync(async bars =>
        {
            _bar = bars.AddTask("Cutting out", maxValue: photos);
            await work();
            _bar.StopTask();
        });
    }

    public void Add(PhotoOutcome outcome)
    {
        lock (_lock)
        {
            switch (outcome.Status)
            {
                case PhotoOutcome.Succeeded: _succeeded++; break;
                case PhotoOutcome.Failed: _failed++; break;
                default: _skipped++; break;
            }
            if (outcome.Error is { } error)
                Write($"{CommandLine.ToolName}: {outcome.Input}: {error.Message}");
            output?.WriteLine(JsonSerializer.Serialize(outcome, OutcomeJson.Lines.PhotoOutcome));
            output?.Flush();
            if (outcome.Status != PhotoOutcome.Skipped) _bar?.Increment(1);
        }
    }

    /// <summary>Prints a line that is no error.</summary>
    public void Say(string line)
    {
        lock (_lock)
            if (!isQuiet) Write(line);
    }

    /// <summary>Prints the last line.</summary>
    /// <param name="onlyOutput">The path of the only result; null if there are several, or none.</param>
    public void Summarise(string? onlyOutput)
    {
        var time = clock.GetElapsedTime(_start).TotalSeconds;
        var others = (_failed > 0 ? $", {_failed} failed" : "") + (_skipped > 0 ? $", {_skipped} skipped" : "");
        var rate = _succeeded > 1 ? string.Create(CultureInfo.InvariantCulture, $", {_succeeded / time:0.0}/s") : "";
        var done = onlyOutput is not null && _succeeded == 1 ? $"wrote {onlyOutput}"
            : _succeeded == 1 ? "1 photo cut out" : $"{_succeeded} photos cut out";
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{CommandLine.ToolName}: {done}{others} ({time:0.0} s{rate})"));
    }

    private void Write(string line)
    {
        // Names of files may have escape sequences.
        line = LineFormatter.Printable(line);
        try
        {
            // Above the progress bar, which the terminal redraws.
            if (terminal is not null) terminal.WriteLine(line);
            else errors.WriteLine(line);
        }
        catch (IOException)
        {
            // Standard error is closed, or its disk is full. The photos do not depend on it.
        }
    }
}

[JsonSerializable(typeof(PhotoOutcome))]
internal sealed partial class OutcomeJson : JsonSerializerContext
{
    /// <summary>Paths are readable, also those that are not in ASCII.</summary>
    public static OutcomeJson Lines { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
