using Microsoft.Extensions.Logging;

namespace RemoveBg.Core.Access;

/// <summary>Log events of API keys; docs/events.md lists them.</summary>
internal static partial class AccessLog
{
    [LoggerMessage(1300, LogLevel.Warning, "API key {KeyId} ({Name}) is in use and expires at {ExpiresAt:u}")]
    public static partial void ExpiresSoon(this ILogger log, string keyId, string name, DateTimeOffset expiresAt);

    [LoggerMessage(1301, LogLevel.Warning, "The use of API key {KeyId} could not be stored ({Reason}); trying again in "
        + "a minute")]
    public static partial void UseNotStored(this ILogger log, string keyId, string reason);
}
