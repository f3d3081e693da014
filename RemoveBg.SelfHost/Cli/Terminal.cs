using Spectre.Console;

namespace RemoveBg.SelfHost.Cli;

internal static class Terminal
{
    /// <summary>The terminal; a file in its place has no width at which lines must be broken.</summary>
    public static IAnsiConsole Open()
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 1000;
        return console;
    }
}
