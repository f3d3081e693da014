using Azure;

namespace RemoveBg.Core.Store;

public static class StorageFailure
{
    /// <summary>Whether storage was unreachable or refused to serve.</summary>
    /// <remarks>The SDK reports exhausted retries as an AggregateException, and its own network timeout as a
    /// cancellation.</remarks>
    public static bool Is(Exception problem, CancellationToken cancellationToken) =>
        problem is RequestFailedException { Status: 0 or 429 or >= 500 }
            or AggregateException { InnerException: RequestFailedException }
        || problem is OperationCanceledException && !cancellationToken.IsCancellationRequested;
}
