namespace RemoveBg.SelfHost;

/// <summary>An error that the user can fix: printed as one line, without a stack trace.</summary>
internal sealed class UserException(string message) : Exception(message)
{
    /// <summary>Runs a command; prints such an error and returns exit code 1.</summary>
    public static async Task<int> ShownAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (UserException problem)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 1;
        }
    }
}
