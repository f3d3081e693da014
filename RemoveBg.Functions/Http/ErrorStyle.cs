using Microsoft.AspNetCore.Http;
using RemoveBg.Core;
using RemoveBg.Core.Access;

namespace RemoveBg.Functions.Http;

/// <summary>Shape of errors and rate headers: ours, unless a route implements another API.</summary>
public class ErrorStyle
{
    public static ErrorStyle Ours { get; } = new();

    /// <summary>Whether a caller without a valid key gets a challenge with the 401 (RFC 9110, section
    /// 11.6.1).</summary>
    public virtual bool Challenges => true;

    /// <returns>Null for an exception that is not meant for the caller.</returns>
    public virtual IResult? Of(Exception problem) =>
        problem is ApiException known ? Answers.Error(known.StatusCode, known.Message) : null;

    public virtual void Rate(IHeaderDictionary headers, RateDecision decision)
    {
        var (policy, window) = (decision.Policy, ApiEndpoint.Seconds(decision.Window));
        headers["RateLimit-Policy"] = $"\"{policy}\";q={decision.Quota};w={window}";
        headers["RateLimit"] = $"\"{policy}\";r={decision.Remaining};t={ApiEndpoint.Seconds(decision.Reset)}";
    }
}
