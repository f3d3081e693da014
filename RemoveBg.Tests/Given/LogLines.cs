using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RemoveBg.Tests.Given;

/// <summary>Keeps what is logged, for tests of single events.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<(EventId Event, LogLevel Level, string Text)> _lines = new();

    /// <summary>Texts of one event, in order.</summary>
    public IReadOnlyList<string> Of(int eventId) =>
        [.. _lines.Where(line => line.Event.Id == eventId).Select(line => line.Text)];

    /// <summary>Levels of one event, in order.</summary>
    public IReadOnlyList<LogLevel> LevelsOf(int eventId) =>
        [.. _lines.Where(line => line.Event.Id == eventId).Select(line => line.Level)];

    public ILogger CreateLogger(string categoryName) => new Logger(_lines);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<(EventId, LogLevel, string)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((eventId, logLevel, formatter(state, exception)));
    }
}
