using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>A method with [Function] and the parameter of its trigger.</summary>
internal sealed record DiscoveredFunction(string Name, MethodInfo Method, ParameterInfo Trigger)
{
    public T? TriggerAttribute<T>() where T : Attribute => Trigger.GetCustomAttribute<T>();
}

/// <summary>Finds all functions of the app by reflection, like the worker.</summary>
internal static class FunctionCatalog
{
    /// <exception cref="InvalidOperationException">The Functions host could run a function that this host
    /// cannot.</exception>
    public static IReadOnlyList<DiscoveredFunction> Find(Assembly assembly) =>
    [
        .. from type in assembly.GetExportedTypes()
           from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance)
           let function = method.GetCustomAttribute<FunctionAttribute>()
           where function is not null
           select new DiscoveredFunction(function.Name, method, Checked(function.Name, method)),
    ];

    private static ParameterInfo Checked(string name, MethodInfo method)
    {
        // Once: two calls at first may return different objects while another thread calls it, too.
        var parameters = method.GetParameters();
        var triggers = parameters.Where(IsTrigger).ToList();
        if (triggers.Count != 1)
            throw new InvalidOperationException($"Function {name} needs exactly one trigger; it has {triggers.Count}.");
        var trigger = triggers[0];
        var http = trigger.GetCustomAttribute<HttpTriggerAttribute>();
        if (http is { AuthLevel: not AuthorizationLevel.Anonymous })
            throw new InvalidOperationException(
                $"Function {name}: this host has no function keys; AuthorizationLevel must be Anonymous.");

        foreach (var parameter in parameters)
        {
            var type = parameter.ParameterType;
            var fits = type == typeof(CancellationToken)
                || http is not null && (type == typeof(HttpRequest) || type == typeof(string))
                || parameter == trigger && (type == typeof(string) && http is null || type == typeof(TimerInfo));
            if (!fits) throw new InvalidOperationException(
                $"Function {name}: this host cannot fill parameter {parameter.Name} of type {type.Name}.");
        }
        return trigger;
    }

    private static bool IsTrigger(ParameterInfo parameter) =>
        parameter.IsDefined(typeof(HttpTriggerAttribute)) || parameter.IsDefined(typeof(QueueTriggerAttribute))
            || parameter.IsDefined(typeof(TimerTriggerAttribute));
}
