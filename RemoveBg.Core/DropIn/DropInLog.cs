using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.DropIn;

/// <summary>Log events of the drop-in route; docs/events.md lists them.</summary>
internal static partial class DropInLog
{
    [LoggerMessage(800, LogLevel.Warning,
        "Artwork {ArtworkId} was returned but could not be deleted; retention will delete it")]
    public static partial void NotDeleted(this ILogger log, Exception problem, Guid artworkId);
}
