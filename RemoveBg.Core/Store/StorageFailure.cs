using Azure;

namespace RemoveBg.Core.Store;

public static class StorageFailure
{
    /// <summary>Whether storage could not be reached or would not serve. The SDK reports spent retries as an
    /// AggregateException, and its own network timeout as a cancellation that nobody asked for.</summary>
    public static bool Is(Exception problem, CancellationToken cancellationToken) =>
        problem is RequestFailedException { Status: 0 or 429 or >= 500 }
            or AggregateException { InnerException: RequestFailedException }
        || problem is OperationCanceledException && !cancellationToken.IsCancellationRequested;
}
