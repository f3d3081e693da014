using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Writes each log entry to the console as one line: time of day in UTC, level, category with event id,
/// message and exception.</summary>
/// <remarks>Messages of exceptions may contain what a caller or its server sent. Neither a line break nor an escape
/// sequence of theirs may pass for an entry of ours, or reach the terminal.</remarks>
internal sealed class LineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    /// <summary>Tells the time of day. The machine's own clock: the service's clock logs, so it needs the
    /// logger.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider,
        TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var exception = logEntry.Exception is { } thrown ? $" {thrown}" : "";
        textWriter.Write(Clock.GetUtcNow().ToString("HH:mm:ss ", CultureInfo.InvariantCulture));
        textWriter.Write($"{Word(logEntry.LogLevel)}: {logEntry.Category}[{logEntry.EventId.Id}] ");
        textWriter.WriteLine(Printable(message + exception));
    }

    /// <summary>Replaces line breaks by blanks, and control characters by question marks.</summary>
    public static string Printable(string text) => string.Create(text.Length, text, (line, text) =>
    {
        for (var i = 0; i < line.Length; i++) line[i] = char.GetUnicodeCategory(text[i]) switch
        {
            UnicodeCategory.Control when text[i] is '\r' or '\n' or '\t' => ' ',
            UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => ' ',
            UnicodeCategory.Control or UnicodeCategory.Format => '?',
            _ => text[i],
        };
    });

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
