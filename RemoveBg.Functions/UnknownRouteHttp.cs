using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

/// <summary>Returns 404 or 405 in the shape of our errors for routes of no other function.</summary>
public sealed class UnknownRouteHttp(HttpRouteTable routes, TimeProvider clock)
{
    /// <remarks>
    /// The Functions host tries routes in the order of the functions' names, so this name must sort last. The host's
    /// own routes (<c>/admin</c>, <c>/runtime</c>) come first.
    /// </remarks>
    [Function("UnknownRoute")]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, Route = "{*path}")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        ApiHeaders.Set(request.HttpContext.Response);
        await RequestBody.DrainAsync(request, clock, cancellationToken);
        var methods = routes.MethodsOf(request.HttpContext);
        if (methods.Count == 0) return Answers.Error(StatusCodes.Status404NotFound, "Not Found");
        request.HttpContext.Response.Headers.Allow = string.Join(", ", methods);
        return Answers.Error(StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
    }
}
