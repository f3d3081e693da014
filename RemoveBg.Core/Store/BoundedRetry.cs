using Azure.Core;
using Azure.Core.Pipeline;

namespace RemoveBg.Core.Store;

/// <summary>The SDK's retries, unless storage asks for a longer wait than theirs: then the call fails at once, and its
/// work comes again later.</summary>
/// <remarks>The SDK would wait for as long as Retry-After says, and a caller with it.</remarks>
internal sealed class BoundedRetry(RetryOptions options)
    : RetryPolicy(options.MaxRetries, DelayStrategy.CreateExponentialDelayStrategy(options.Delay, options.MaxDelay))
{
    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        !AsksForMore(message) && base.ShouldRetry(message, exception);

    protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        AsksForMore(message) ? new(false) : base.ShouldRetryAsync(message, exception);

    private bool AsksForMore(HttpMessage message) => message.HasResponse
        && message.Response.Headers.TryGetValue("Retry-After", out var text)
        && (!int.TryParse(text, out var seconds) || TimeSpan.FromSeconds(seconds) > options.MaxDelay);
}
