using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using RemoveBg.SelfHost.Cli.Completion;
using RemoveBg.SelfHost.Cli.Cut;
using RemoveBg.SelfHost.Cli.Health;
using RemoveBg.SelfHost.Cli.Keys;
using RemoveBg.SelfHost.Cli.Networks;
using RemoveBg.SelfHost.Cli.Serve;
using RemoveBg.SelfHost.Cli.Sweep;

namespace RemoveBg.SelfHost.Cli;

/// <summary>All commands of the tool; one folder each.</summary>
internal static class CommandLine
{
    /// <summary>Name of the tool, in help and before each error.</summary>
    public const string ToolName = "removebg";

    private const string About = "Removes the background of photos.\n\n"
        + "'removebg photo.jpg' is 'removebg cut photo.jpg'. Exit codes: 0 all done, 1 some failed, 2 wrong usage.";

    /// <summary>A photo may be named @2x.png: it is no file of arguments.</summary>
    private static readonly ParserConfiguration Parser = new() { ResponseFileTokenReplacer = null };

    /// <summary>Time that running jobs have after Ctrl-C or SIGTERM.</summary>
    public static readonly TimeSpan StopTime = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        // Not a RootCommand, whose name is the program file's.
        var tool = new Command(ToolName, About)
        {
            new HelpOption("--help", "-h") { Recursive = true },
            new VersionOption(),
            CutCommand.Create(RunCut.RunAsync),
            ServeCommand.Create(ServeSession.RunAsync),
            SweepCommand.Create(SweepSession.RunAsync),
            KeysCommand.Create(KeysSession.RunAsync),
            NetworksCommand.Create(),
            HealthCommand.Create(),
        };
        tool.Add(CompletionCommand.Create(tool));
        tool.Add(CompletionCommand.CreateComplete(tool));
        return tool;
    }

    /// <summary>Runs the tool.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        // 1. Parse; a first word that is no command is a photo.
        var tool = Create();
        var parsed = tool.Parse(WithCommand(tool, arguments), Parser);

        // 2. Report wrong usage in our words.
        if (UsageErrors.In(parsed, arguments) is { } wrong)
        {
            Complain(wrong);
            return ExitCodes.Usage;
        }

        // 3. Run the command. Ctrl-C and SIGTERM cancel its token, and so does a terminal that is closed.
        using var stop = new CancellationTokenSource();
        using var closed = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        try
        {
            return await parsed.InvokeAsync(new() { ProcessTerminationTimeout = StopTime,
                EnableDefaultExceptionHandler = false }, stop.Token);
        }
        catch (IOException problem) when (problem is not (FileNotFoundException or DirectoryNotFoundException))
        {
            // Each command explains its own files; standard output is left.
            Complain($"standard output cannot be written: {FileProblem.Reason(problem, "")}.");
        }
        catch (Exception problem)
        {
            Complain($"a fault of the program, please report it: {problem}");
        }
        return ExitCodes.Failed;
    }

    /// <summary>Prints an error under the tool's name.</summary>
    public static void Complain(string problem)
    {
        try
        {
            Console.Error.WriteLine($"{ToolName}: {problem}");
        }
        catch (IOException)
        {
            // Standard error is closed, or its disk is full: the exit code says it alone.
        }
    }

    /// <summary>Adds the command <c>cut</c> to arguments that begin with none.</summary>
    internal static IReadOnlyList<string> WithCommand(Command tool, IReadOnlyList<string> arguments) =>
        arguments is not [var first, ..] || tool.Subcommands.Any(command => command.Name == first)
            || tool.Options.Any(option => option.Name == first || option.Aliases.Contains(first))
            ? arguments : [CutCommand.Name, .. arguments];
}
