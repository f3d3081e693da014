namespace RemoveBg.SelfHost;

/// <summary>Something that whoever sits at the terminal can mend: printed as one line, without a stack trace.</summary>
internal sealed class UserException(string message) : Exception(message)
{
    /// <summary>Runs a command; such a problem is printed and becomes exit code 1.</summary>
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
