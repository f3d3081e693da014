using Microsoft.Extensions.Logging;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Log events of the self-host; docs/events.md lists them.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(1000, LogLevel.Warning, "Queue {Queue} does not respond: {Reason}")]
    public static partial void QueueUnavailable(this ILogger log, string queue, string reason);

    [LoggerMessage(1001, LogLevel.Warning, "Queue {Queue}: could not settle a message ({Reason})")]
    public static partial void MessageNotSettled(this ILogger log, string queue, string reason);

    [LoggerMessage(1002, LogLevel.Error, "Queue {Queue}: moved a message to the poison queue without running it")]
    public static partial void PoisonedUnread(this ILogger log, string queue);

    [LoggerMessage(1003, LogLevel.Error, "Function {Function} failed, attempt {Attempt} of {Most}")]
    public static partial void QueueFunctionFailed(this ILogger log,
        Exception problem, string function, long attempt, int most);

    [LoggerMessage(1004, LogLevel.Warning, "Queue {Queue}: could not renew a lease ({Reason})")]
    public static partial void LeaseNotRenewed(this ILogger log, string queue, string reason);

    [LoggerMessage(1005, LogLevel.Information, "Queue {Queue}: waiting for {Count} running messages")]
    public static partial void Draining(this ILogger log, string queue, int count);

    [LoggerMessage(1006, LogLevel.Error, "Function {Function} failed")]
    public static partial void TimerFunctionFailed(this ILogger log, Exception problem, string function);
}
