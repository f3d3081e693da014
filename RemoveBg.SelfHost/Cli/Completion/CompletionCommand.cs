using System.CommandLine;
using RemoveBg.SelfHost.Cli.Cut;

namespace RemoveBg.SelfHost.Cli.Completion;

/// <summary><c>removebg completion</c>: scripts with which a shell completes commands and options.</summary>
internal static class CompletionCommand
{
    private const string CompleteName = "complete";

    public static Command Create(Command tool)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh" };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "Prints a script with which a shell completes commands and options.")
        {
            shell,
        };
        command.SetAction(arguments => Console.Out.WriteLine(Scripts[arguments.GetValue(shell)!]
            .Replace("TOOL", tool.Name, StringComparison.Ordinal)));
        return command;
    }

    /// <summary>Creates the hidden command that the scripts call with the words so far; the last one is to be
    /// completed.</summary>
    public static Command CreateComplete(Command tool)
    {
        var words = new Argument<string[]>("WORDS") { Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(CompleteName) { words };
        command.Hidden = true;
        command.SetAction(arguments =>
        {
            foreach (var word in Complete(tool, arguments.GetValue(words)!)) Console.Out.WriteLine(word);
        });
        return command;
    }

    /// <returns>Words that may stand in place of the last one.</returns>
    internal static IEnumerable<string> Complete(Command tool, IReadOnlyList<string> words)
    {
        var last = words.Count > 0 ? words[^1] : "";
        // An option without a command is one of the implied command.
        IReadOnlyList<string> before = [.. words.SkipLast(1)];
        if (before.Count > 0 || last.StartsWith('-')) before = CommandLine.WithCommand(tool, before.Count > 0 ? before
            : [CutCommand.Name]);
        var text = string.Concat(before.Select(word => word.Contains(' ', StringComparison.Ordinal)
            ? $"\"{word}\" " : $"{word} "));
        return tool.Parse(text).GetCompletions(text.Length).Select(item => item.Label)
            .Where(label => label != CompleteName && label.StartsWith(last, StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal);
    }

    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            # eval "$(TOOL completion bash)"
            _TOOL() {
              local IFS=$'\n'
              COMPREPLY=($(TOOL complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
            }
            complete -o default -F _TOOL TOOL
            """,
        ["zsh"] = """
            # source <(TOOL completion zsh)
            _TOOL() {
              local -a found
              found=("${(@f)$(TOOL complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
              compadd -- ${found:#}
              _files
            }
            compdef _TOOL TOOL
            """,
        ["fish"] = """
            # TOOL completion fish | source
            complete -c TOOL -a '(TOOL complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
            """,
        ["pwsh"] = """
            # TOOL completion pwsh | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName TOOL -ScriptBlock {
              param($word, $ast, $position)
              $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
              if ($word -eq '') { $words += '' }
              TOOL complete -- @words 2>$null | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
              }
            }
            """,
    };
}
