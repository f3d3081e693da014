using Microsoft.Azure.Functions.Worker;

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
            if (trigger.Methods is { } methods) app.MapMethods(pattern, methods, RunAsync);
            else app.Map(pattern, RunAsync);

            async Task RunAsync(HttpContext context)
            {
                var result = await invoker.InvokeAsync(function,
                    parameter => parameter.ParameterType == typeof(HttpRequest) ? context.Request
                        : context.GetRouteValue(parameter.Name!)?.ToString(),
                    context.RequestAborted);
                if (result is IResult answer) await answer.ExecuteAsync(context);
            }
        }
    }
}
