using Microsoft.AspNetCore.Http;

namespace RemoveBg.Functions.Http;

/// <summary>Sends a stream. A caller that leaves ends it without a failure.</summary>
/// <param name="stream">The stream.</param>
/// <param name="canceled">Signalled by the host when the caller has left or the host stops.</param>
internal sealed class EventStream(IResult stream, CancellationToken canceled) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        try
        {
            await stream.ExecuteAsync(httpContext);
        }
        catch (OperationCanceledException)
            when (canceled.IsCancellationRequested || httpContext.RequestAborted.IsCancellationRequested)
        {
            // The caller has left: nothing is left to send.
        }
    }
}
