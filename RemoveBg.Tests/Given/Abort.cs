namespace RemoveBg.Tests.Given;

internal static class Abort
{
    /// <summary>Ends when the client has gone.</summary>
    public static async Task AsTaskAsync(this CancellationToken cancellationToken)
    {
        var gone = new TaskCompletionSource();
        await using (cancellationToken.Register(gone.SetResult)) await gone.Task;
    }
}
