using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using RemoveBg.Core;

namespace RemoveBg.Functions.Http;

/// <summary>Reads a JSON body, and not a byte more than is accepted.</summary>
public static class RequestBody
{
    public const int LargestBody = 16 * 1024 * 1024;

    /// <summary>Bytes; the Functions host lets no more through (FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).</summary>
    private const long MostDrained = 100 * 1024 * 1024;

    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(30);

    /// <exception cref="ApiException">400: not application/json, or too long.</exception>
    /// <param name="largest">In bytes.</param>
    /// <param name="alsoAccepted">Another media type of the route, to be named in the error.</param>
    public static async Task<ReadOnlyMemory<byte>> ReadJsonAsync(HttpRequest request,
        CancellationToken cancellationToken, string? alsoAccepted = null, int largest = LargestBody)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.Charset is { HasValue: true } charset
                && !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            throw ApiException.BadRequest($"Content-Type must be application/json in "
                + $"UTF-8{(alsoAccepted is null ? "" : $", or {alsoAccepted}")}.");
        if (request.ContentLength > largest) throw TooLong(largest);

        var body = new ArrayBufferWriter<byte>((int)Math.Min(request.ContentLength ?? 4096, 64 * 1024) + 1);
        try
        {
            while (true)
            {
                var read = await request.Body.ReadAsync(body.GetMemory(4096), cancellationToken);
                if (read == 0) return body.WrittenMemory;
                body.Advance(read);
                if (body.WrittenCount > largest) throw TooLong(largest);
            }
        }
        catch (BadHttpRequestException)
        {
            throw ApiException.BadRequest("The body could not be read to its end.");
        }
    }

    /// <summary>
    /// Reads and discards what the client still sends of a refused request, so that it comes to read the response: a
    /// server that closes the connection while the client sends resets it (RFC 9112, section 9.6).
    /// </summary>
    public static async Task DrainAsync(HttpRequest request, TimeProvider clock, CancellationToken cancellationToken)
    {
        // Such a client sends nothing until it is asked to (RFC 9110, section 10.1.1).
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
            // Too slow, malformed or gone: the response is sent all the same.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    internal static ApiException TooLong(int most) => ApiException.BadRequest(
        $"The body has more than {most:N0} bytes ({most >> 20} MiB), the most that is accepted.");
}
