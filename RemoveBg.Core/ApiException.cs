using RemoveBg.Core.Access;

namespace RemoveBg.Core;

/// <summary>Refuses a request with an error response.</summary>
/// <param name="statusCode">The HTTP status.</param>
/// <param name="message">For the caller: names the field, what was wrong and what is accepted; never a host name, a
/// path or fetched data.</param>
public sealed class ApiException(int statusCode, string message) : Exception(message)
{
    public int StatusCode { get; } = statusCode;

    /// <summary>Sent as <c>Retry-After</c>, in whole seconds.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The rate that is used up, for the headers of a 429.</summary>
    public RateDecision? Rate { get; init; }

    public static ApiException BadRequest(string message) => new(400, message);

    public static ApiException TooManyRequests(string message, RateDecision rate) =>
        new(429, message) { RetryAfter = rate.RetryAfter, Rate = rate };

    public static ApiException NotFound() => new(404, "Not Found");
}
