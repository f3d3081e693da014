using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace RemoveBg.Core.Submit;

/// <summary>Parses JSON bodies. They are checked in one pass before anything is built from them, because a document
/// of many small parts needs many times its own size in memory.</summary>
public static class JsonBody
{
    /// <summary>Most tokens (braces, brackets, names and values) of one request: more than ten times what one with
    /// every field has.</summary>
    public const int MostTokens = 1000;

    /// <summary>Most bytes of a body without its long texts, and most bytes of a name or a number.</summary>
    private const int MostBytes = 2 * 1024 * 1024, LongestName = 1024;

    /// <param name="body">The body; its long texts are unescaped in place.</param>
    /// <param name="expected">What is accepted, to be read after "it must be".</param>
    /// <param name="mostTokens">Most JSON tokens.</param>
    /// <param name="options">Depth, and whether a name may come twice.</param>
    /// <returns>The document, and the long texts for which it has marks.</returns>
    /// <exception cref="ApiException">400: not UTF-8, not JSON, of too many tokens or too long ones, or with an
    /// unpaired surrogate.</exception>
    public static (JsonDocument Document, LongTexts LongTexts) Parse(Memory<byte> body, string expected,
        int mostTokens, JsonDocumentOptions options)
    {
        // RFC 8259, section 8.1: a byte order mark may be ignored.
        if (body.Span.StartsWith("\uFEFF"u8)) body = body[3..];
        if (body.Length == 0) throw ApiException.BadRequest($"The body is empty; it must be {expected}.");
        if (!Utf8.IsValid(body.Span))
            throw ApiException.BadRequest($"The body is not valid UTF-8; it must be {expected}.");
        try
        {
            var texts = new LongTexts();
            return (JsonDocument.Parse(Check(body, expected, mostTokens, options.MaxDepth, texts), options), texts);
        }
        catch (JsonException problem)
        {
            var where = problem.LineNumber is { } line ? $" (line {line + 1}, byte {problem.BytePositionInLine + 1})"
                : "";
            throw ApiException.BadRequest($"The body is not valid JSON{where}; it must be {expected}.");
        }
    }

    /// <returns>The body with a mark in place of each long text.</returns>
    private static ReadOnlyMemory<byte> Check(Memory<byte> body, string expected, int mostTokens, int maxDepth,
        LongTexts texts)
    {
        ArrayBufferWriter<byte>? shortened = null;
        var copied = 0;
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = maxDepth });
        for (var tokens = 0; reader.Read(); tokens++)
        {
            if (tokens == mostTokens) throw ApiException.BadRequest(
                $"The body has more than {mostTokens:N0} JSON tokens; it must be {expected}.");
            var length = reader.ValueSpan.Length;
            if (reader.TokenType != JsonTokenType.String && length > LongestName) throw ApiException.BadRequest(
                $"The body has a name or a number of more than {LongestName:N0} bytes; it must be {expected}.");
            if (length >= LongTexts.Shortest)
            {
                var start = (int)reader.TokenStartIndex + 1;
                shortened ??= new();
                Copy(body.Span[copied..start], shortened, expected);
                var text = body.Slice(start, length);
                shortened.Write(Encoding.UTF8.GetBytes(
                    texts.Keep(reader.ValueIsEscaped ? Unescape(text) : text)));
                copied = start + length;
            }
            else if (reader.ValueIsEscaped && !IsText(ref reader)) throw ApiException.BadRequest(
                $"The body has an escaped surrogate without its pair; it must be {expected}.");
        }
        if (shortened is null && body.Length <= MostBytes) return body;
        Copy(body.Span[copied..], shortened ??= new(), expected);
        return shortened.WrittenMemory;
    }

    private static void Copy(ReadOnlySpan<byte> part, ArrayBufferWriter<byte> target, string expected)
    {
        if (target.WrittenCount + part.Length > MostBytes) throw ApiException.BadRequest(
            $"The body has more than {MostBytes:N0} bytes besides images; it must be {expected}.");
        target.Write(part);
    }

    /// <summary>Unescapes a long text where it is. It can only be an image in base64, so a character beyond ASCII, or
    /// an escaped one, becomes a question mark, which is refused later.</summary>
    private static Memory<byte> Unescape(Memory<byte> text)
    {
        var bytes = text.Span;
        var to = 0;
        for (var from = 0; from < bytes.Length; from++)
        {
            if (bytes[from] != (byte)'\\')
            {
                bytes[to++] = bytes[from];
                continue;
            }
            var escape = bytes[++from];
            if (escape == (byte)'u')
            {
                bytes[to++] = Utf8Parser.TryParse(bytes.Slice(from + 1, 4), out ushort code, out _, 'x') && code < 0x80
                    ? (byte)code : (byte)'?';
                from += 4;
            }
            else bytes[to++] = escape switch
            {
                (byte)'n' or (byte)'r' or (byte)'t' => (byte)' ',
                (byte)'b' or (byte)'f' => (byte)'?',
                _ => escape,
            };
        }
        return text[..to];
    }

    /// <summary>Unescapes the current token. Later, reading it would throw.</summary>
    private static bool IsText(ref Utf8JsonReader reader)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(buffer);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
