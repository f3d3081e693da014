using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RemoveBg.Core.DropIn;

namespace RemoveBg.Functions.DropIn;

/// <summary>Sends a finished cut-out as a file, or in base64 in JSON, and deletes the artwork before the last bytes.
/// No more than a piece of the file is in memory.</summary>
internal sealed class V1ImageResult(V1Result done, bool inJson) : IResult
{
    /// <summary>A multiple of three, so that the pieces' base64 needs no padding but at the end.</summary>
    private const int Piece = 48 * 1024;

    private static readonly byte[] Gap = "\"result_b64\":\""u8.ToArray();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var sent = done;
        var (response, stop) = (httpContext.Response, httpContext.RequestAborted);
        ReadOnlyMemory<byte> before = default, after = default;
        if (inJson)
        {
            var place = done.Place;
            ReadOnlyMemory<byte> json = JsonSerializer.SerializeToUtf8Bytes(new V1Answer(new(default,
                place.SubjectTop, place.SubjectLeft, place.SubjectWidth, place.SubjectHeight)),
                V1Json.Default.V1Answer);
            var at = json.Span.IndexOf(Gap) + Gap.Length;
            (before, after) = (json[..at], json[at..]);
        }
        response.ContentType = inJson ? "application/json; charset=utf-8" : done.ContentType;
        response.ContentLength = inJson
            ? before.Length + Base64.GetMaxEncodedToUtf8Length(checked((int)done.Length)) + after.Length : done.Length;

        await response.Body.WriteAsync(before, stop);
        var piece = new byte[Piece];
        var encoded = inJson ? new byte[Base64.GetMaxEncodedToUtf8Length(Piece)] : [];
        for (var left = done.Length; left > 0;)
        {
            var read = (int)Math.Min(left, Piece);
            await done.File.ReadExactlyAsync(piece.AsMemory(0, read), stop);
            left -= read;
            // A client that has the whole image may rely on its deletion.
            if (left == 0) await done.DisposeAsync();
            ReadOnlyMemory<byte> bytes = piece.AsMemory(0, read);
            if (inJson)
            {
                Base64.EncodeToUtf8(bytes.Span, encoded, out _, out var length);
                bytes = encoded.AsMemory(0, length);
            }
            await response.Body.WriteAsync(bytes, stop);
        }
        await response.Body.WriteAsync(after, stop);
    }
}
