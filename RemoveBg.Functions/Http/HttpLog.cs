using Microsoft.Extensions.Logging;

namespace RemoveBg.Functions.Http;

/// <summary>Log events of HTTP requests; docs/events.md lists them.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(900, LogLevel.Error, "Storage failed; nothing was accepted")]
    public static partial void StorageFailed(this ILogger log, Exception problem);

    [LoggerMessage(901, LogLevel.Error, "Unexpected failure of {Method} {Path}")]
    public static partial void UnexpectedFailure(this ILogger log, Exception problem, string method, string path);

    [LoggerMessage(902, LogLevel.Warning, "Not ready: storage does not respond ({Reason})")]
    public static partial void NotReady(this ILogger log, string reason);

    [LoggerMessage(903, LogLevel.Error, "Not ready: {Problem}")]
    public static partial void DiskNotReady(this ILogger log, string problem);
}
