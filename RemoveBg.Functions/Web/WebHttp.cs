using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions.Web;

/// <summary>Serves the page, the API reference and the OpenAPI document.</summary>
public sealed class WebHttp(PageSettings settings, PageFacts facts)
{
    /// <summary>Beginnings of the names of headers that proxies, tunnels and CDNs add. A browser on this machine sends
    /// none of them.</summary>
    private static readonly string[] AddedOnTheWay =
    [
        "Forwarded", "Via", "X-Forwarded", "X-Original-", "X-Real-", "X-Client-", "Client-IP", "X-Cluster-Client-",
        "X-ProxyUser-", "True-Client-", "CDN-", "CF-", "Fastly-", "Fly-", "Tailscale-", "X-Amzn-", "X-Appengine-",
        "X-ARR-", "X-Azure-", "X-Cloud-Trace-", "X-Envoy-", "X-Vercel-", "WL-Proxy-", "Proxy-",
    ];

        // An empty Route would mean the function's name, so this pattern serves the root. The host's own page must be
        // turned off (AzureWebJobsDisableHomepage).
    [Function("Page")]
    public async Task<IResult> Page(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head",
            Route = "{ignored:maxlength(0)?}")] HttpRequest request, CancellationToken cancellationToken)
    {
        var page = WebFiles.All["index.html"];
        var script = await facts.ToJsonAsync(IsFromHere(request) ? settings.DevelopmentKey : null, cancellationToken);
        var content = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(page.Content).Replace("{{settings}}", script, StringComparison.Ordinal));

        // Photos may come from any URL that the visitor gives; scripts, styles, workers and calls from this origin
        // only.
        SetPolicy(request,
            "script-src 'self'; style-src 'self'; img-src 'self' blob: https: http:; connect-src 'self'");
        return Answer(request, new(page.ContentType, content, null));
    }

    [Function("Docs")]
    public IResult Docs([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "docs")] HttpRequest request)
    {
        SetPolicy(request, "script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' "
            + "data:; connect-src 'self'");
        return Answer(request, WebFiles.All["docs.html"]);
    }

    [Function("OpenApi")]
    public IResult OpenApi(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "openapi.json")] HttpRequest request) =>
        Answer(request, WebFiles.All["openapi.json"]);

    [Function("Asset")]
    public IResult Asset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "assets/{file}")] HttpRequest request,
            string file) =>
        WebFiles.All.TryGetValue(file, out var found) && !file.EndsWith(".html", StringComparison.Ordinal)
            ? Answer(request, found)
            : Answers.Error(StatusCodes.Status404NotFound, "Not Found");

    private static IResult Answer(HttpRequest request, WebFile file)
    {
        var headers = request.HttpContext.Response.Headers;
        headers.CacheControl = "no-cache";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        if (file.Gzip is null) return Results.Bytes(file.Content, file.ContentType, entityTag: new(file.ETag));
        headers.Vary = "Accept-Encoding";
        var takesGzip = request.GetTypedHeaders().AcceptEncoding
            .Any(encoding => encoding.Value == "gzip" && encoding.Quality is null or > 0);
        if (takesGzip) headers.ContentEncoding = "gzip";
        return Results.Bytes(takesGzip ? file.Gzip : file.Content, file.ContentType,
            entityTag: new(takesGzip ? file.ETag.Insert(file.ETag.Length - 1, "z") : file.ETag));
    }

    private static void SetPolicy(HttpRequest request, string own) =>
        request.HttpContext.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; {own}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Whether a browser on this machine asks, under a loopback name. A foreign page whose name resolves to
    /// this machine (DNS rebinding) must not read the key, and neither must a visitor behind a proxy or tunnel that
    /// runs on it.</summary>
    private static bool IsFromHere(HttpRequest request) =>
        request.HttpContext.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && !request.Headers.Keys.Any(name => Array.Exists(AddedOnTheWay,
            start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase)))
        && (request.Host.Host == "localhost"
            || IPAddress.TryParse(request.Host.Host.Trim('[', ']'), out var host) && IPAddress.IsLoopback(host));
}
