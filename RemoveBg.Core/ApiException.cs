namespace RemoveBg.Core;

/// <summary>A request that is answered with an error. The message is what the caller reads: it names the field, what
/// was wrong and what is accepted, and never a host name, a path or a fetched byte.</summary>
public sealed class ApiException(int statusCode, string message) : Exception(message)
{
    public int StatusCode { get; } = statusCode;

    /// <summary>Sent as <c>Retry-After</c>, in whole seconds.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ApiException BadRequest(string message) => new(400, message);

    public static ApiException NotFound() => new(404, "Not Found");
}
