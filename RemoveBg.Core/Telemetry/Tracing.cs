using System.Diagnostics;

namespace RemoveBg.Core.Telemetry;

/// <summary>Traces a job from the POST through the queues to the webhook (W3C Trace Context).</summary>
/// <remarks>The submission's <c>traceparent</c> is stored in the record and sent in the messages, so attempts by other
/// processes, hours later, still belong to its trace.</remarks>
public static class Tracing
{
    public const string SourceName = "RemoveBg";

    /// <summary>
    /// ASP.NET Core's own spans, one per request, the parents of ours. The Functions host traces requests itself.
    /// </summary>
    public const string RequestsSourceName = "Microsoft.AspNetCore";

    private static readonly ActivitySource Source = new(SourceName);

    /// <returns>Null if no exporter listens or the trace is not sampled.</returns>
    internal static Activity? Start(string name, ActivityKind kind, Guid artwork, string? traceParent = null)
    {
        var parent = ActivityContext.TryParse(traceParent, null, isRemote: true, out var remote) ? remote
            : Activity.Current?.Context ?? default;
        return Source.StartActivity(name, kind, parent)?.SetTag("removebg.artwork.id", artwork);
    }

    internal static void Fail(this Activity? activity, string code) =>
        activity?.SetStatus(ActivityStatusCode.Error, code).SetTag("error.type", code);
}
