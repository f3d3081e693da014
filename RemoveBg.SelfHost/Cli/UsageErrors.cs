using System.CommandLine;
using System.CommandLine.Parsing;

namespace RemoveBg.SelfHost.Cli;

/// <summary>Describes wrong arguments in at most two lines, and says what to do.</summary>
internal static class UsageErrors
{
    /// <summary>Most letters that a typing error changes.</summary>
    private const int MostChanges = 3;

    /// <returns>Null if nothing is wrong.</returns>
    public static string? In(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        var command = parsed.CommandResult.Command;
        if (UnknownOption(parsed) is { } unknown)
            return $"{unknown} is not an option of {PathOf(parsed.CommandResult)}."
                + (OwnerOf(unknown, parsed) ?? Suggestion(unknown, Options(parsed))) + $"\n{HelpHint(parsed)}";
        if (arguments.Count == 0)
            return $"nothing to do: give photos, or a command.\n{HelpHint(parsed)}";
        if (WrongFlag(parsed, arguments) is { } flag) return $"{flag}\n{HelpHint(parsed)}";
        if (parsed.Errors.Count == 0) return null;
        // Of a command without its subcommand, the parser says that one is required and no more.
        if (command.Subcommands.Count > 0)
        {
            var names = command.Subcommands.Where(it => !it.Hidden).Select(it => it.Name).ToList();
            var wrong = parsed.UnmatchedTokens is [var first, ..] ? first : null;
            return $"{PathOf(parsed.CommandResult)} needs a command: {string.Join(", ", names)}."
                + (wrong is null ? "" : Suggestion(wrong, names)) + $"\n{HelpHint(parsed)}";
        }
        return $"{OneLine(parsed.Errors[0].Message)}\n{HelpHint(parsed)}";
    }

    /// <summary>The parser lists accepted words one a line.</summary>
    private static string OneLine(string message) => string.Join(", ", message.Split('\n',
        StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Replace(":, ", ": ",
        StringComparison.Ordinal);

    /// <summary>Returns the closest of some words, as a sentence; empty if none is close.</summary>
    public static string Suggestion(string wrong, IEnumerable<string> words)
    {
        var closest = words.Select(word => (Word: word, Changes: Changes(wrong, word)))
            .Where(it => it.Changes <= Math.Min(MostChanges, it.Word.TrimStart('-').Length / 2))
            .OrderBy(it => it.Changes).FirstOrDefault().Word;
        return closest is null ? "" : $" Did you mean {closest}?";
    }

    /// <summary>Finds an option that no command knows. The parser takes it for a photo, or for a word too
    /// many.</summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        // What follows "--" is meant as it stands.
        var after = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Count(
            token => token.Type == TokenType.Argument);
        return parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(result => result.Tokens.SkipLast(after)).Select(token => token.Value)
            .Concat(parsed.UnmatchedTokens)
            .FirstOrDefault(text => text.Length > 1 && text[0] == '-')?.Split('=')[0];
    }

    /// <summary>Finds a flag with another value than true or false, which the parser takes for a word of its
    /// own.</summary>
    private static string? WrongFlag(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        foreach (var argument in arguments.TakeWhile(argument => argument != "--"))
            if (argument.Split('=', 2) is [var name, var value] && !bool.TryParse(value, out _)
                && parsed.CommandResult.Command.Options.Any(option => option.ValueType == typeof(bool)
                    && (option.Name == name || option.Aliases.Contains(name))))
                return $"{name} takes no value but true or false, not '{value}'.";
        return null;
    }

    /// <summary>Names the command that has the option; the service's were once those of ./run.</summary>
    private static string? OwnerOf(string option, ParseResult parsed) => parsed.RootCommandResult.Command.Subcommands
        .FirstOrDefault(command => command.Options.Any(it => it.Name == option)) is { } owner
        ? $" '{CommandLine.ToolName} {owner.Name}' has it." : null;

    private static IEnumerable<string> Options(ParseResult parsed)
    {
        for (var result = (SymbolResult?)parsed.CommandResult; result is not null; result = result.Parent)
            if (result is CommandResult { Command: var command })
                foreach (var option in command.Options) yield return option.Name;
    }

    private static string PathOf(CommandResult result) => result.Parent is CommandResult parent
        ? $"{PathOf(parent)} {result.Command.Name}" : result.Command.Name;

    private static string HelpHint(ParseResult parsed) => $"'{PathOf(parsed.CommandResult)} --help' lists all options.";

    /// <summary>Returns the number of letters to insert, delete or replace (Levenshtein 1966).</summary>
    private static int Changes(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var corner = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
                (corner, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1,
                    corner + (from[i - 1] == to[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
