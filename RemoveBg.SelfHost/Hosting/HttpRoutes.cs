using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core;
using RemoveBg.Functions;
using RemoveBg.Functions.Http;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Serves the functions that have an [HttpTrigger].</summary>
internal static class HttpRoutes
{
    /// <param name="role">One that serves no requests serves the health checks, and says so to all others.</param>
    public static void MapFunctions(this WebApplication app, IReadOnlyList<DiscoveredFunction> functions,
        HostJson settings, ServiceRole role)
    {
        var invoker = app.Services.GetRequiredService<FunctionInvoker>();
        if (!role.ServesHttp) app.Map("{*path}", () => Answers.Error(StatusCodes.Status404NotFound,
            $"This process has the role {role.Name} and serves only /healthz and /readyz. Send requests to one with "
                + $"the role {ServiceRole.Web.Name} or {ServiceRole.All.Name}."));
        foreach (var function in functions)
        {
            if (!role.ServesHttp && function.Method.DeclaringType != typeof(HealthHttp)) continue;
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
