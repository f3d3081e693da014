using Microsoft.AspNetCore.Http;
using RemoveBg.Core;
using RemoveBg.Core.Submit;

namespace RemoveBg.Functions.Http;

/// <summary>Reads a submission, as JSON or as a multipart form.</summary>
internal static class SubmitBody
{
    /// <exception cref="ApiException">400: of another type, too long or malformed.</exception>
    public static async Task<SubmitRequest> ReadAsync(
        HttpRequest request, SubmitRequestParser parser, CancellationToken cancellationToken)
    {
        if (!RequestForm.IsMultipart(request)) return parser.Parse(
            await RequestBody.ReadJsonAsync(request, cancellationToken, alsoAccepted: RequestForm.Multipart));
        var form = await RequestForm.ReadAsync(request, RequestBody.LargestBody, cancellationToken);
        return parser.Parse(form.Texts, form.Files);
    }
}
