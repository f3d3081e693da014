using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.CutOut;

/// <summary>Log events of the pipeline; docs/events.md lists them.</summary>
internal static partial class CutOutLog
{
    [LoggerMessage(300, LogLevel.Information, "The pipeline has {Slots} slots of {Megabytes} MB")]
    public static partial void SlotsCounted(this ILogger log, int slots, double megabytes);

    [LoggerMessage(301, LogLevel.Warning,
        "The largest artwork takes up to {Megabytes} MB, but the memory budget leaves "
        + "{Available} MB: it runs alone. Raise RemoveBg:Process:MemoryBudgetMB, lower RemoveBg:Image:MaxPixels "
        + "or configure a smaller model")]
    public static partial void BudgetTooSmall(this ILogger log, double available, double megabytes);
}
