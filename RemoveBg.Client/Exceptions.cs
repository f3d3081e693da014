namespace RemoveBg.Client;

/// <summary>Base of this library's exceptions.</summary>
public abstract class RemoveBgException : Exception
{
    private protected RemoveBgException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}

/// <summary>The service refused a request, or failed at it. The message is the service's: what was wrong, and what is
/// accepted.</summary>
public sealed class ApiException : RemoveBgException
{
    internal ApiException(int status, string message, string? traceparent, TimeSpan? retryAfter) : base(message) =>
        (Status, Traceparent, RetryAfter) = (status, traceparent, retryAfter);

    /// <summary>HTTP status, such as 400.</summary>
    public int Status { get; }

    /// <summary>The request's id in the operator's logs, if the response had one.</summary>
    public string? Traceparent { get; }

    /// <summary>Time after which the service asks to be tried again, if it said so.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Number of attempts.</summary>
    public int Attempts { get; internal set; } = 1;
}

/// <summary>No response, or not all of it, in spite of the retries. The inner exception is the last
/// attempt's.</summary>
public sealed class ConnectionFailedException : RemoveBgException
{
    internal ConnectionFailedException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}

/// <summary>The artwork has failed or was canceled. The message is the reason in words.</summary>
public sealed class ArtworkFailedException : RemoveBgException
{
    internal ArtworkFailedException(Artwork artwork) : base(artwork.Error?.Message ?? "The artwork was canceled.") =>
        (Artwork, Code) = (artwork, artwork.Error?.Code ?? "canceled");

    /// <summary>A failure code of the API, such as <c>image_unreachable</c>; <c>canceled</c> after a
    /// cancellation.</summary>
    public string Code { get; }

    /// <summary>The artwork.</summary>
    public Artwork Artwork { get; }
}

/// <summary>The artwork has not ended in time. It goes on: wait again, or cancel it.</summary>
public sealed class WaitTimeoutException : RemoveBgException
{
    internal WaitTimeoutException(string message) : base(message)
    {
    }
}

/// <summary>The request did not come from the service, or is older than the tolerance.</summary>
public sealed class WebhookInvalidException : RemoveBgException
{
    internal WebhookInvalidException(string message) : base(message)
    {
    }
}
