using Spectre.Console;

namespace RemoveBg.SelfHost.Cli;

internal static class Terminal
{
    /// <summary>The terminal of a command that prints text. If output goes to a file, lines are not wrapped.</summary>
    public static IAnsiConsole Open()
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 1000;
        return console;
    }

    /// <summary>The terminal behind standard error; null if that is a file or a pipe.</summary>
    public static IAnsiConsole? OpenError() => Console.IsErrorRedirected ? null
        : AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
}
