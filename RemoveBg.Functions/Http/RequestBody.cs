using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using RemoveBg.Core;
using RemoveBg.Core.Submit;

namespace RemoveBg.Functions.Http;

/// <summary>Checks the type of bodies, and drains refused ones.</summary>
public static class RequestBody
{
    public const int LargestBody = 16 * 1024 * 1024;

    /// <summary>Most bytes that are drained; the Functions host accepts no more
    /// (FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).</summary>
    private const long MostDrained = 100 * 1024 * 1024;

    /// <summary>Names of UTF-8 and of its subset ASCII; empty if none is given (RFC 9110, section 8.3.1).</summary>
    private static readonly HashSet<string> s_utf8 = new(["", "utf-8", "utf8", "us-ascii", "ascii"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(30);

    /// <param name="request">The request.</param>
    /// <param name="alsoAccepted">Another media type that the route accepts, for the error.</param>
    /// <exception cref="ApiException">400: the body is not application/json.</exception>
    public static void RequireJson(HttpRequest request, string? alsoAccepted = null)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || !s_utf8.Contains(HeaderUtilities.RemoveQuotes(type.Charset).ToString()))
            throw ApiException.BadRequest($"Content-Type must be application/json in "
                + $"UTF-8{(alsoAccepted is null ? "" : $", or {alsoAccepted}")}.");
    }

    /// <exception cref="ApiException">400: the body has a Content-Encoding. A small one could become huge.</exception>
    public static void RequireNoEncoding(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString().Trim();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw ApiException.BadRequest(
                $"The body has Content-Encoding: {Problems.Quote(encoding)}; it must be sent without one.");
    }

    /// <summary>
    /// Reads and discards the rest of a refused request, so that the client reads the response. Closing the connection
    /// while the client sends would reset it (RFC 9112, section 9.6).
    /// </summary>
    public static async Task DrainAsync(HttpRequest request, TimeProvider clock, CancellationToken cancellationToken)
    {
        // With Expect, the client sends nothing before the response (RFC 9110, section 10.1.1).
        if (request.Headers.Expect.Count > 0) return;
        using var timeout = new CancellationTokenSource(LongestDrain, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            for (long drained = 0; drained < MostDrained; drained += read)
                if ((read = await request.Body.ReadAsync(buffer, either.Token)) == 0) return;
        }
        catch (Exception problem)
            when (problem is BadHttpRequestException or IOException or OperationCanceledException)
        {
            // Too slow, malformed or gone: send the response anyway.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    internal static ApiException TooLong(int most) => ApiException.BadRequest(
        $"The body must not exceed {most:N0} bytes ({most >> 20} MiB).");
}
