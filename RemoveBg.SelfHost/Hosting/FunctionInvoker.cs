using System.Reflection;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Calls a function: its class made anew by the container, in a scope of its
/// own, as the worker does.</summary>
internal sealed class FunctionInvoker(IServiceScopeFactory scopes)
{
    /// <param name="fill">Gives each parameter but the CancellationToken its value.</param>
    /// <returns>What the function returned, awaited.</returns>
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
