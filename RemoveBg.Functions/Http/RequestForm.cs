using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using RemoveBg.Core;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Submit;

namespace RemoveBg.Functions.Http;

/// <summary>Fields and files of a form. Files and long texts stay in the body's memory.</summary>
public sealed record RequestForm(IReadOnlyList<KeyValuePair<string, string>> Texts,
    IReadOnlyDictionary<string, InlineImage> Files, LongTexts LongTexts)
{
    private const int MostFields = 100, LongestName = 1024;

    /// <summary>Longest boundary. RFC 2046, section 5.1.1, allows 70 characters; MultipartReader throws where one does
    /// not fit into its buffer.</summary>
    private const int LongestBoundary = 128;

    /// <summary>Name of the files of which a batch has several.</summary>
    private const string Images = "images";

    private readonly List<InlineImage> _images = [];

    /// <summary>The files <c>images</c> of a batch, in order.</summary>
    public IReadOnlyList<InlineImage> BatchImages => _images;

    public const string Multipart = "multipart/form-data";

    public static bool IsMultipart(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals(Multipart, StringComparison.OrdinalIgnoreCase);

    /// <summary>Takes a form apart.</summary>
    /// <param name="request">Its Content-Type tells which kind of form it is.</param>
    /// <param name="body">The body, whose texts are decoded in place.</param>
    /// <param name="cancellationToken">Cancelled when the caller leaves.</param>
    /// <param name="isBatch">Whether the form may have several files <c>images</c>.</param>
    /// <exception cref="ApiException">400: malformed, too many fields, or a file twice.</exception>
    public static Task<RequestForm> ParseAsync(HttpRequest request, BodyMemory body,
        CancellationToken cancellationToken, bool isBatch = false) =>
        IsMultipart(request) ? ParseMultipartAsync(request, body, isBatch, cancellationToken)
            : Task.FromResult(ParseUrlEncoded(body));

    /// <summary>Reads a JSON object like a form: its values as text, without those that are null.</summary>
    /// <exception cref="ApiException">400: not JSON, or no object.</exception>
    public static RequestForm ParseJson(BodyMemory body)
    {
        var (document, longTexts) = JsonBody.Parse(body.Bytes, "an object with remove.bg's parameters",
            JsonBody.MostTokens, new() { MaxDepth = 2 });
        using var parsed = document;
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw ApiException.BadRequest("The body is not a JSON object.");
        return new(
        [
            .. from field in document.RootElement.EnumerateObject()
               where field.Value.ValueKind != JsonValueKind.Null
               // A flag is written true, not True.
               select KeyValuePair.Create(field.Name, field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
                   ? field.Value.GetRawText() : field.Value.ToString()),
        ], new Dictionary<string, InlineImage>(), longTexts);
    }

    private static async Task<RequestForm> ParseMultipartAsync(HttpRequest request, BodyMemory body, bool isBatch,
        CancellationToken cancellationToken)
    {
        var form = new RequestForm(new List<KeyValuePair<string, string>>(), new Dictionary<string, InlineImage>(),
            new());
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType).Boundary).Value;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > LongestBoundary) throw Unreadable();
        try
        {
            await using var stream = body.OpenRead();
            var reader = new MultipartReader(boundary, stream);
            var passed = new byte[4096];
            for (var fields = 0; await reader.ReadNextSectionAsync(cancellationToken) is { } section; fields++)
            {
                if (fields == MostFields) throw TooManyFields();
                // The section lies in the body: only its length has to be found.
                int length = 0, read;
                while ((read = await section.Body.ReadAsync(passed, cancellationToken)) > 0) length += read;
                form.Add(section, body.Bytes.Slice((int)section.BaseStreamOffset!.Value, length), isBatch);
            }
            return form;
        }
        // Headers that are too long or too many, or a body that ends too soon.
        catch (Exception problem) when (problem is InvalidDataException or IOException)
        {
            var hasBareLineFeeds = body.Bytes.Span.IndexOf(Encoding.UTF8.GetBytes($"--{boundary}\n")) >= 0;
            throw hasBareLineFeeds ? BareLineFeeds() : Unreadable();
        }
    }

    private void Add(MultipartSection section, Memory<byte> content, bool isBatch)
    {
        var (name, hasFileName, isFile) = Disposition(section);
        if (name.Length == 0) throw ApiException.BadRequest("A part of the form has no name.");
        // Browsers send a file input that was left empty as an empty file without a name.
        if (hasFileName && !isFile && content.Length == 0) return;
        if (isFile || IsImage(section.ContentType))
        {
            if (content.Length == 0)
                throw ApiException.BadRequest($"The file '{Problems.Quote(name)}' is empty; it must be an image.");
            if (isBatch && name == Images) _images.Add(InlineImage.FromUpload(section.ContentType, content));
            else if (!((Dictionary<string, InlineImage>)Files).TryAdd(name,
                InlineImage.FromUpload(section.ContentType, content)))
                throw ApiException.BadRequest($"The file '{Problems.Quote(name)}' must be given once.");
        }
        else AddText(name, content);
    }

    /// <returns>Name of a part; whether it has a file name, and one that is not empty.</returns>
    private static (string Name, bool HasFileName, bool IsFile) Disposition(MultipartSection section)
    {
        try
        {
            // RFC 7578, section 4.2. Other readers take no other part for a field.
            return section.GetContentDispositionHeader() is { } header
                && header.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
                ? (Name(HeaderUtilities.RemoveQuotes(header.Name).ToString()), header.FileName.HasValue,
                    header.IsFileDisposition())
                : throw Unreadable();
        }
        // What .NET throws on names in UTF-7, and on filename* without a value.
        catch (Exception problem) when (problem is NotSupportedException or ArgumentException)
        {
            throw Unreadable();
        }
    }

    /// <summary>Whether a part is a file although the client gives it no file name.</summary>
    private static bool IsImage(string? contentType) => MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.Type.Equals("image", StringComparison.OrdinalIgnoreCase)
            || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase));

    private static RequestForm ParseUrlEncoded(BodyMemory body)
    {
        var form = new RequestForm(new List<KeyValuePair<string, string>>(), new Dictionary<string, InlineImage>(),
            new());
        var rest = body.Bytes;
        for (var fields = 0; rest.Length > 0; fields++)
        {
            if (fields == MostFields) throw TooManyFields();
            var end = rest.Span.IndexOf((byte)'&') is >= 0 and var at ? at : rest.Length;
            var field = rest[..end];
            rest = rest[Math.Min(end + 1, rest.Length)..];
            if (field.Length == 0) continue;
            var equals = field.Span.IndexOf((byte)'=') is >= 0 and var sign ? sign : field.Length;
            if (equals > LongestName) throw Unreadable();
            form.AddText(Name(Encoding.UTF8.GetString(Decode(field[..equals]).Span)),
                Decode(field[Math.Min(equals + 1, field.Length)..]));
        }
        return form;
    }

    /// <summary>Decodes a part of an urlencoded form in place.</summary>
    private static Memory<byte> Decode(Memory<byte> part)
    {
        var bytes = part.Span;
        var to = 0;
        for (var from = 0; from < bytes.Length; from++)
        {
            if (bytes[from] == (byte)'%' && from + 2 < bytes.Length
                && Utf8Parser.TryParse(bytes.Slice(from + 1, 2), out byte value, out var digits, 'x') && digits == 2)
            {
                bytes[to++] = value;
                from += 2;
            }
            else bytes[to++] = bytes[from] == (byte)'+' ? (byte)' ' : bytes[from];
        }
        return part[..to];
    }

    private void AddText(string name, Memory<byte> utf8)
    {
        if (!Utf8.IsValid(utf8.Span)) throw NotUtf8(Encoding.UTF8.GetString(utf8.Span));
        ((List<KeyValuePair<string, string>>)Texts).Add(new(name,
            utf8.Length >= LongTexts.Shortest ? LongTexts.Keep(utf8) : Encoding.UTF8.GetString(utf8.Span)));
    }

    /// <summary>Takes a decoded name, which has U+FFFD where the bytes were no text.</summary>
    private static string Name(string decoded) => decoded.Contains('\uFFFD') ? throw NotUtf8(decoded) : decoded;

    private static ApiException NotUtf8(string decoded) => ApiException.BadRequest(
        $"The form has text that is not valid UTF-8: '{Problems.Quote(decoded)}'.");

    private static ApiException TooManyFields() => ApiException.BadRequest(
        $"The form must have at most {MostFields} fields, with the names in the documentation.");

    private static ApiException BareLineFeeds() => ApiException.BadRequest(
        "The form's lines end in LF alone; each line of a multipart form must end in CR LF (RFC 2046, section 4.1.1).");

    private static ApiException Unreadable() => ApiException.BadRequest(
        "The body is not a complete form (multipart/form-data with a boundary, or application/x-www-form-urlencoded).");
}
