using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace RemoveBg.Functions.Http;

/// <summary>The headers of every response of the API.</summary>
internal static class ApiHeaders
{
    public static void Set(HttpResponse response)
    {
        var headers = response.Headers;
        headers["X-Content-Type-Options"] = "nosniff";
        // Results have signed URLs, and a cached status would be an old one.
        headers.CacheControl = "no-store";
        // Traces and logs have what belongs to the request under this id (W3C Trace Context).
        headers["traceparent"] =
            Activity.Current?.Id ?? $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";
    }

    /// <summary>Sets the artwork's address, relative and absolute.</summary>
    /// <param name="request">The submission.</param>
    /// <param name="path">The artwork's path.</param>
    /// <param name="proxyHops">Number of trusted proxies in front of the service. The last entry of X-Forwarded-Proto
    /// is the caller's scheme; without proxies any caller can forge the header, so it is ignored.</param>
    public static void SetLocation(HttpRequest request, string path, int proxyHops)
    {
        var told = proxyHops > 0 ? request.Headers["X-Forwarded-Proto"].ToString().Split(',')[^1].Trim() : "";
        var scheme = told.Equals("https", StringComparison.OrdinalIgnoreCase) ? "https" : request.Scheme;
        var headers = request.HttpContext.Response.Headers;
        headers.Location = path;
        headers["Operation-Location"] = $"{scheme}://{request.Host}{path}";
    }
}
