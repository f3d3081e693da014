using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoveBg.Client;

/// <summary>Sends requests, and repeats those that may succeed later.</summary>
internal sealed class Transport(HttpClient http, TimeProvider clock, TimeSpan timeout, int retries)
{
    /// <summary>A Retry-After beyond it is left to the caller.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>Sends a request once.</summary>
    /// <param name="request">Disposed of afterwards.</param>
    /// <param name="read">Reads the response. Disposes of it, unless it returns its stream.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="ApiException">The status is not 2xx.</exception>
    /// <exception cref="ConnectionFailedException">No response, or not all of it.</exception>
    public Task<T> OnceAsync<T>(HttpRequestMessage request,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken) =>
        OrFailAsync(async () =>
        {
            using var limit = new CancellationTokenSource(timeout, clock);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            using (request)
            {
                var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token)
                    .ConfigureAwait(false);
                if (response.IsSuccessStatusCode) return await read(response, both.Token).ConfigureAwait(false);
                using (response) throw await ErrorOfAsync(response, both.Token).ConfigureAwait(false);
            }
        }, cancellationToken);

    /// <summary>Repeats an action while it fails in a way that waiting may cure.</summary>
    public async Task<T> RetryAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan pause;
            try
            {
                return await action().ConfigureAwait(false);
            }
            catch (RemoveBgException failure) when (failure is ApiException or ConnectionFailedException)
            {
                if (failure is ApiException answered) answered.Attempts = attempt;
                pause = (failure as ApiException)?.RetryAfter ?? Backoff(attempt);
                if (!MayPass(failure) || attempt > retries || pause > LongestPause) throw;
            }
            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Turns what a lost connection throws into <see cref="ConnectionFailedException"/>.</summary>
    public static async Task<T> OrFailAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException
            || (lost is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Of a failed handshake, the outer exception only refers to the inner one.
            throw new ConnectionFailedException(lost.Message.Contains("see inner", StringComparison.OrdinalIgnoreCase)
                ? lost.GetBaseException().Message : lost.Message, lost);
        }
    }

    public TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > clock.GetUtcNow() ? date - clock.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };

    private static bool MayPass(RemoveBgException failure) => failure is not ApiException { Status: var status }
        || (HttpStatusCode)status is HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError
            or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>Half of it is random, so that clients that failed together do not come back together.</summary>
    private static TimeSpan Backoff(int attempt) =>
        TimeSpan.FromSeconds(Math.Min(8, 0.5 * Math.Pow(2, attempt - 1)) * (0.5 + Random.Shared.NextDouble() / 2));

    private async Task<ApiException> ErrorOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        var traceparent = response.Headers.TryGetValues("traceparent", out var values) ? values.First() : null;
        return new((int)response.StatusCode, MessageIn(text) ?? response.ReasonPhrase ?? "no reason given", traceparent,
            RetryAfter(response));
    }

    /// <returns>Null unless it is an error of the API.</returns>
    private static string? MessageIn(string text)
    {
        try
        {
            return (JsonNode.Parse(text) as JsonObject)?["message"]?.ToString();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
