using System.Reflection;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Calls a function on a new instance of its class, in its own scope, like the worker.</summary>
internal sealed class FunctionInvoker(IServiceScopeFactory scopes)
{
    /// <param name="fill">Returns the value of each parameter except the CancellationToken.</param>
    /// <returns>The awaited result of the function.</returns>
    public async Task<object?> InvokeAsync(DiscoveredFunction function, Func<ParameterInfo, object?> fill,
        CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var instance = ActivatorUtilities.CreateInstance(scope.ServiceProvider, function.Method.DeclaringType!);
        var arguments = function.Method.GetParameters()
            .Select(parameter => parameter.ParameterType == typeof(CancellationToken) ? cancellationToken
                : fill(parameter)).ToArray();
        var returned = function.Method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        if (returned is not Task task) return returned;
        await task;
        return task.GetType().GetProperty(nameof(Task<object>.Result))
            is { PropertyType.Name: not "VoidTaskResult" } result ? result.GetValue(task) : null;
    }
}
