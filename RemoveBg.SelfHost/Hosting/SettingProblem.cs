using Microsoft.Extensions.Options;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Says in a sentence which setting is wrong, or which file it names.</summary>
internal static class SettingProblem
{
    private const string Binder = "Microsoft.Extensions.Configuration.Binder";

    /// <summary>Text of data annotations before each message.</summary>
    private const string Before = "with the error: '";

    /// <returns>Null if the exception is of another kind.</returns>
    public static string? Sentence(Exception problem) => problem switch
    {
        OptionsValidationException invalid => string.Join(' ', invalid.Failures.Select(Plain)),
        FileNotFoundException or InvalidDataException => problem.Message,
        // A number or a time that is none: the message names the setting and the value.
        InvalidOperationException { Source: Binder } => $"{problem.Message} It is a setting of the environment, or of "
            + "appsettings.json.",
        _ => null,
    };

    /// <summary>Explains what stops a host that is made or started, where settings are read for the first
    /// time.</summary>
    /// <returns>Null if the exception is of another kind.</returns>
    public static string? OfStart(Exception problem) => Sentence(problem)
        ?? (problem is InvalidOperationException or FormatException or ArgumentException
            ? $"the service cannot start with its settings: {problem.Message}" : null);

    private static string Plain(string failure) => failure.IndexOf(Before, StringComparison.Ordinal) is > 0 and var at
        ? failure[(at + Before.Length)..].TrimEnd('.', '\'') + "." : failure;
}
