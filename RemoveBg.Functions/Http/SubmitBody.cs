using Microsoft.AspNetCore.Http;
using RemoveBg.Core;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Submit;

namespace RemoveBg.Functions.Http;

/// <summary>Parses a submission, JSON or a multipart form.</summary>
internal static class SubmitBody
{
    /// <exception cref="ApiException">400: of another type.</exception>
    public static void RequireType(HttpRequest request)
    {
        if (!RequestForm.IsMultipart(request)) RequestBody.RequireJson(request, alsoAccepted: RequestForm.Multipart);
    }

    /// <returns>Largest body of a batch, in bytes: more for files than for JSON.</returns>
    public static int LargestBatch(HttpRequest request) =>
        RequestForm.IsMultipart(request) ? MemoryBudget.LargestBody : RequestBody.LargestBody;

    /// <exception cref="ApiException">400: malformed.</exception>
    public static async Task<IReadOnlyList<SubmitRequest>> ParseBatchAsync(HttpRequest request, BodyMemory body,
        SubmitRequestParser parser, CancellationToken cancellationToken)
    {
        if (!RequestForm.IsMultipart(request)) return parser.ParseBatch(body.Bytes);
        var form = await RequestForm.ParseAsync(request, body, cancellationToken, isBatch: true);
        return parser.ParseBatch(form.Texts, form.BatchImages, form.Files, form.LongTexts);
    }

    /// <exception cref="ApiException">400: malformed.</exception>
    public static async Task<SubmitRequest> ParseAsync(HttpRequest request, BodyMemory body,
        SubmitRequestParser parser, CancellationToken cancellationToken)
    {
        if (!RequestForm.IsMultipart(request)) return parser.Parse(body.Bytes);
        var form = await RequestForm.ParseAsync(request, body, cancellationToken);
        return parser.Parse(form.Texts, form.Files, form.LongTexts);
    }
}
