namespace RemoveBg.SelfHost;

/// <summary>An error that the user can fix: printed as one line, without a stack trace.</summary>
/// <param name="message">What is wrong, and what to do.</param>
/// <param name="exitCode">Exit code of the tool; 2 for arguments that cannot work.</param>
internal sealed class UserException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Creates an error of arguments that cannot work, whatever the photos are.</summary>
    public static UserException Usage(string message) => new(message, Cli.ExitCodes.Usage);

    /// <summary>Runs a command; prints such an error under the tool's name and returns its exit code.</summary>
    public static async Task<int> ShownAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (UserException problem)
        {
            Cli.CommandLine.Complain(problem.Message);
            return problem.ExitCode;
        }
    }
}
