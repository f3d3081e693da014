using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Store;

namespace RemoveBg.Functions.Http;

/// <summary>Authenticates and rate-limits API calls; maps exceptions to errors.</summary>
public sealed class ApiEndpoint(Authenticate authenticate, KeyUsage usage, RateLimit rateLimit,
    RequestLimit requestLimit, IOptions<AccessOptions> access, IOptions<CorsOptions> cors, TimeProvider clock,
    ILogger<ApiEndpoint> log)
{
    private readonly IReadOnlyList<string> _origins = cors.Value.List;

    /// <summary>Runs a call and returns its response, or an error.</summary>
    /// <param name="request">The request.</param>
    /// <param name="scope">One of <see cref="Scopes"/>.</param>
    /// <param name="call">The call, with the authenticated key and a token that is also cancelled when the caller's
    /// connection closes: the host may not cancel the invocation then.</param>
    /// <param name="cancellationToken">Cancelled by the host.</param>
    /// <param name="submissions">Submissions that the call counts against the key's rate.</param>
    /// <param name="style">Shape of errors; null for ours.</param>
    /// <param name="requests">Requests that a call without submissions counts for.</param>
    public Task<IResult> AnswerAsync(
        HttpRequest request, string scope, Func<ApiKey, CancellationToken, Task<IResult>> call,
        CancellationToken cancellationToken, int submissions = 0, ErrorStyle? style = null, int requests = 1)
    {
        style ??= ErrorStyle.Ours;
        return RespondAsync(request, async either =>
        {
            var key = await authenticate.CheckAsync(request.Headers.Authorization, request.Headers["X-Api-Key"], scope,
                CallerAddress.Of(request, access.Value.ProxyHops ?? 0), cancellationToken);
            usage.Count(key);
            if (submissions > 0)
                await AdmitAsync(request.HttpContext.Response, key, submissions, cancellationToken, style);
            else if (requestLimit.Admit(key, requests) is { IsAllowed: false } rate)
                throw ApiException.TooManyRequests("The key sends too many requests.", rate);
            return await call(key, either);
        }, style, cancellationToken);
    }

    /// <summary>Runs a call with a signed URL, which needs no key.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isValid">Whether the signature is valid. Others count against the rate of the caller's
    /// address.</param>
    /// <param name="call">The call, with a token like <see cref="AnswerAsync"/>'s.</param>
    /// <param name="cancellationToken">Cancelled by the host.</param>
    public Task<IResult> AnswerSignedAsync(HttpRequest request, bool isValid,
        Func<CancellationToken, Task<IResult>> call, CancellationToken cancellationToken) =>
        RespondAsync(request, either =>
        {
            if (isValid) return call(either);
            if (requestLimit.AdmitStranger(CallerAddress.Of(request, access.Value.ProxyHops ?? 0))
                is { IsAllowed: false } rate)
                throw ApiException.TooManyRequests(
                    "Too many requests without a valid API key from this address.", rate);
            throw new ApiException(403, "The URL's signature is invalid or has expired; GET /v2/artworks/{id} returns "
                + "a new one.");
        }, ErrorStyle.Ours, cancellationToken);

    private async Task<IResult> RespondAsync(HttpRequest request, Func<CancellationToken, Task<IResult>> call,
        ErrorStyle style, CancellationToken cancellationToken)
    {
        var headers = request.HttpContext.Response.Headers;
        ApiHeaders.Set(request.HttpContext.Response);
        // The hosts do the rest of CORS; the platform's cannot expose headers.
        if (_origins.Contains(request.Headers.Origin.ToString()))
            headers.AccessControlExposeHeaders = CorsOptions.ExposedHeaders;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, request.HttpContext.RequestAborted);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // The caller has left. A thrown exception would be a failed invocation on the host.
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            var stopping = new ApiException(500, "The service is stopping. Try again.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            };
            return await RefuseAsync(request, stopping, style, cancellationToken);
        }
        catch (Exception problem) when (!cancellationToken.IsCancellationRequested && style.Of(problem) is not null)
        {
            return await RefuseAsync(request, problem, style, cancellationToken);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, cancellationToken))
        {
            log.StorageFailed(problem);
            return await RefuseAsync(request,
                new ApiException(500, "Storage is not reachable; nothing was accepted. Try again.") {
                RetryAfter = TimeSpan.FromSeconds(5) }, style, cancellationToken);
        }
        catch (Exception problem) when (!cancellationToken.IsCancellationRequested)
        {
            // Encoded: a line break in the path must not begin a line of the log.
            log.UnexpectedFailure(problem, request.Method, request.Path.ToUriComponent());
            return await RefuseAsync(request, new ApiException(500, "Internal Server Error"), style,
                cancellationToken);
        }
    }

    /// <summary>Counts submissions against the key's rate.</summary>
    /// <exception cref="ApiException">429: the rate is used up. 400: more than the key's burst.</exception>
    public async Task AdmitAsync(HttpResponse response, ApiKey key, int submissions,
        CancellationToken cancellationToken, ErrorStyle? style = null)
    {
        if (submissions > key.Burst) throw ApiException.BadRequest(
            $"The request has {submissions} artworks; this key may submit at most {key.Burst} at once.");
        var decision = await rateLimit.AdmitAsync(key, submissions, cancellationToken);
        (style ?? ErrorStyle.Ours).Rate(response.Headers, decision);
        if (!decision.IsAllowed)
            throw ApiException.TooManyRequests($"The key's rate of {key.RatePerMinute} submissions per minute (at "
                + $"most {key.Burst} at once) is used up.", decision);
    }

    private async Task<IResult> RefuseAsync(
        HttpRequest request, Exception problem, ErrorStyle style, CancellationToken cancellationToken)
    {
        var headers = request.HttpContext.Response.Headers;
        var known = problem as ApiException;
        // The rest of a body that is too slow is not worth waiting for.
        if (known?.StatusCode == StatusCodes.Status408RequestTimeout) headers.Connection = "close";
        else await RequestBody.DrainAsync(request, clock, cancellationToken);
        if (known?.StatusCode == StatusCodes.Status401Unauthorized && style.Challenges)
            headers.WWWAuthenticate = "Bearer";
        if (known?.Rate is { } rate) style.Rate(headers, rate);
        if (known?.RetryAfter is { } wait)
            headers.RetryAfter = Seconds(wait).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return style.Of(problem)!;
    }

    internal static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));
}
