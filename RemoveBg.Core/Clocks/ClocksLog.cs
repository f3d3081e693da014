using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.Clocks;

/// <summary>Log events of the clocks; docs/events.md lists them.</summary>
internal static partial class ClocksLog
{
    [LoggerMessage(1100, LogLevel.Warning, "This process did not run for {Seconds:0.0} s")]
    public static partial void WasFrozen(this ILogger log, double seconds);

    [LoggerMessage(1101, LogLevel.Warning, "This machine's clock was {Seconds:0.0} s ahead of storage's; corrected")]
    public static partial void ClockCorrected(this ILogger log, double seconds);
}
