using Spectre.Console;

namespace RemoveBg.SelfHost.Cli;

internal static class Terminal
{
    /// <summary>The terminal. If output goes to a file, lines are not wrapped.</summary>
    public static IAnsiConsole Open()
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 1000;
        return console;
    }
}
