using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using RemoveBg.Core;

namespace RemoveBg.Functions.Http;

/// <summary>Reads a JSON body, and not a byte more than is accepted.</summary>
public static class RequestBody
{
    public const int LargestBody = 16 * 1024 * 1024;

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

    internal static ApiException TooLong(int most) => ApiException.BadRequest(
        $"The body has more than {most:N0} bytes ({most >> 20} MiB), the most that is accepted.");
}
