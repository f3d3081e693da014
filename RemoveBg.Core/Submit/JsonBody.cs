using System.Buffers;
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

    /// <param name="body">The body.</param>
    /// <param name="expected">What is accepted, to be read after "it must be".</param>
    /// <param name="mostTokens">Most JSON tokens.</param>
    /// <param name="options">Depth, and whether a name may come twice.</param>
    /// <exception cref="ApiException">400: not UTF-8, not JSON, of too many tokens, or with an unpaired
    /// surrogate.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body, string expected, int mostTokens,
        JsonDocumentOptions options)
    {
        if (!Utf8.IsValid(body.Span))
            throw ApiException.BadRequest($"The body is not valid UTF-8; it must be {expected}.");
        try
        {
            Check(body.Span, expected, mostTokens, options.MaxDepth);
            return JsonDocument.Parse(body, options);
        }
        catch (JsonException problem)
        {
            var where = problem.LineNumber is { } line ? $" (line {line + 1}, byte {problem.BytePositionInLine + 1})"
                : "";
            throw ApiException.BadRequest($"The body is not valid JSON{where}; it must be {expected}.");
        }
    }

    private static void Check(ReadOnlySpan<byte> body, string expected, int mostTokens, int maxDepth)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = maxDepth });
        for (var tokens = 0; reader.Read(); tokens++)
        {
            if (tokens == mostTokens) throw ApiException.BadRequest(
                $"The body has more than {mostTokens:N0} JSON tokens; it must be {expected}.");
            if (reader.ValueIsEscaped && !IsText(ref reader)) throw ApiException.BadRequest(
                $"The body has an escaped surrogate without its pair; it must be {expected}.");
        }
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
