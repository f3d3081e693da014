using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.Segmentation;

/// <summary>Log events of the networks; docs/events.md lists them.</summary>
internal static partial class SegmentationLog
{
    [LoggerMessage(400, LogLevel.Information,
        "Loaded {Model} from {Path} on {Provider} in {Milliseconds:0} ms; it takes {Megabytes} MB")]
    public static partial void ModelLoaded(this ILogger log,
        string model, string path, string provider, double milliseconds, double megabytes);

    [LoggerMessage(401, LogLevel.Critical, "Could not load the model: {Reason}")]
    public static partial void ModelNotLoaded(this ILogger log, string reason);

    [LoggerMessage(402, LogLevel.Warning, "{Setting} has no effect any more: {Reason}")]
    public static partial void FormerSetting(this ILogger log, string setting, string reason);
}
