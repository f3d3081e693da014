using Microsoft.Azure.Functions.Worker;
using RemoveBg.Functions.Http;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Serves the functions that have an [HttpTrigger].</summary>
internal static class HttpRoutes
{
    public static void MapFunctions(this WebApplication app, IReadOnlyList<DiscoveredFunction> functions,
        HostJson settings)
    {
        var invoker = app.Services.GetRequiredService<FunctionInvoker>();
        foreach (var function in functions)
        {
            if (function.TriggerAttribute<HttpTriggerAttribute>() is not { } trigger) continue;
            var pattern = $"{settings.RoutePrefix}/{trigger.Route ?? function.Name}";
            app.MapMethods(pattern, trigger.Methods ?? ["GET", "POST"], async context =>
            {
                var result = await invoker.InvokeAsync(function,
                    parameter => parameter.ParameterType == typeof(HttpRequest) ? context.Request
                        : context.GetRouteValue(parameter.Name!)?.ToString(),
                    context.RequestAborted);
                if (result is IResult answer) await answer.ExecuteAsync(context);
            });
        }
        app.UseStatusCodePages(async pages =>
        {
            // Unknown routes and methods; functions write their own bodies.
            var status = pages.HttpContext.Response.StatusCode;
            await Answers.Error(status, Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status))
                .ExecuteAsync(pages.HttpContext);
        });
    }
}
