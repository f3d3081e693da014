using Azure;

namespace RemoveBg.Core.Store;

public static class StorageFailure
{
    /// <summary>Codes of a table, queue or container that has been deleted and cannot be created again yet.</summary>
    private static readonly HashSet<string> s_missing = ["ContainerNotFound", "ContainerBeingDeleted",
        "ContainerDisabled", "QueueNotFound", "QueueBeingDeleted", "QueueDisabled", "TableNotFound",
        "TableBeingDeleted", "AccountIsDisabled"];

    /// <summary>Whether storage was unreachable or refused to serve.</summary>
    /// <remarks>The SDK reports exhausted retries as an AggregateException, and its own network timeout as a
    /// cancellation.</remarks>
    public static bool Is(Exception problem, CancellationToken cancellationToken) =>
        problem is RequestFailedException { Status: 0 or 429 or >= 500 }
            or AggregateException { InnerException: RequestFailedException }
        || problem is RequestFailedException { ErrorCode: { } code } && s_missing.Contains(code)
        || problem is OperationCanceledException && !cancellationToken.IsCancellationRequested;
}
