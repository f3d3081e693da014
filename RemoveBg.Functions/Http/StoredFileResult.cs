using Microsoft.AspNetCore.Http;
using RemoveBg.Core.Store;

namespace RemoveBg.Functions.Http;

/// <summary>Sends a stored file piece by piece.</summary>
internal sealed class StoredFileResult(StoredFile file, string contentType) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var content = file.Content;
        httpContext.Response.ContentType = contentType;
        httpContext.Response.ContentLength = file.Length;
        if (HttpMethods.IsHead(httpContext.Request.Method)) return;
        await content.CopyToAsync(httpContext.Response.Body, httpContext.RequestAborted);
    }
}
