using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using RemoveBg.Core;
using RemoveBg.Core.Submit;

namespace RemoveBg.Functions.Http;

/// <summary>Fields and files of a form.</summary>
public sealed record RequestForm(IReadOnlyList<KeyValuePair<string, string>> Texts,
    IReadOnlyDictionary<string, InlineImage> Files)
{
    private const int MostFields = 100;

    public const string Multipart = "multipart/form-data";

    public static bool IsMultipart(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals(Multipart, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a form.</summary>
    /// <param name="request">The request.</param>
    /// <param name="largestBody">Largest body, in bytes.</param>
    /// <param name="cancellationToken">Cancelled when the caller leaves.</param>
    /// <exception cref="ApiException">400: malformed, too long, or a file twice.</exception>
    public static async Task<RequestForm> ReadAsync(HttpRequest request, int largestBody,
        CancellationToken cancellationToken)
    {
        if (request.ContentLength > largestBody) throw RequestBody.TooLong(largestBody);
        try
        {
            // In memory, so that no caller's image is written to disk.
            var form = await request.ReadFormAsync(
                new() { MultipartBodyLengthLimit = largestBody, BufferBodyLengthLimit = largestBody,
                    MemoryBufferThreshold = largestBody, ValueLengthLimit = largestBody, ValueCountLimit = MostFields },
                    cancellationToken);
            var files = new Dictionary<string, InlineImage>();
            foreach (var file in form.Files)
            {
                var content = new byte[file.Length];
                await using var stream = file.OpenReadStream();
                await stream.ReadExactlyAsync(content, cancellationToken);
                if (!files.TryAdd(file.Name, InlineImage.FromUpload(file.ContentType, content)))
                    throw ApiException.BadRequest($"The file '{Problems.Quote(file.Name)}' must be given once.");
            }
            return new([.. form.SelectMany(field => field.Value,
                (field, text) => new KeyValuePair<string, string>(Text(field.Key), Text(text ?? "")))], files);
        }
        catch (InvalidDataException problem)
        {
            // Only the message tells which limit was exceeded.
            if (problem.Message.Contains("body length limit", StringComparison.OrdinalIgnoreCase)
                || problem.Message.Contains("value length limit", StringComparison.OrdinalIgnoreCase))
                throw RequestBody.TooLong(largestBody);
            throw problem.Message.Contains("limit", StringComparison.OrdinalIgnoreCase) ? TooManyFields()
                : Unreadable();
        }
        catch (Exception problem) when (problem is BadHttpRequestException or IOException)
        {
            throw Unreadable();
        }
    }

    /// <summary>The form reader puts U+FFFD where bytes are no text.</summary>
    private static string Text(string read) => !read.Contains('\uFFFD') ? read
        : throw ApiException.BadRequest($"The form has text that is not valid UTF-8: '{Problems.Quote(read)}'.");

    private static ApiException TooManyFields() => ApiException.BadRequest(
        $"The form must have at most {MostFields} fields, with the names in the documentation.");

    private static ApiException Unreadable() => ApiException.BadRequest(
        "The body is not a complete form (multipart/form-data with a boundary, or application/x-www-form-urlencoded).");
}
