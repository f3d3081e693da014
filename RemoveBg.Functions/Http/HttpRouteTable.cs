using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Azure.Functions.Worker;

namespace RemoveBg.Functions.Http;

/// <summary>The routes of this app's HTTP functions.</summary>
public sealed class HttpRouteTable
{
    private readonly List<Entry> _entries = [];

    public HttpRouteTable(IInlineConstraintResolver constraints)
    {
        var triggers =
            from type in typeof(HttpRouteTable).Assembly.GetExportedTypes()
            from method in type.GetMethods()
            from parameter in method.GetParameters()
            select parameter.GetCustomAttribute<HttpTriggerAttribute>();
        foreach (var trigger in triggers)
            if (trigger is { Methods: { } methods, Route: { } route })
                _entries.Add(new(TemplateParser.Parse(route), methods, constraints));
    }

    /// <returns>
    /// The methods in upper case of the most specific route that matches the path; empty if none does.
    /// </returns>
    public IReadOnlyList<string> MethodsOf(HttpContext context) =>
        _entries.Where(entry => entry.Matches(context))
            .GroupBy(entry => entry.Precedence, entry => entry.Methods).MinBy(group => group.Key)
            is { } best
            ? [.. best.SelectMany(methods => methods).Select(method => method.ToUpperInvariant())
                .Distinct().Order(StringComparer.Ordinal)]
            : [];

    private sealed class Entry(RouteTemplate template, string[] methods, IInlineConstraintResolver resolver)
    {
        private readonly TemplateMatcher _matcher = new(template, []);
        private readonly List<(string Parameter, IRouteConstraint Constraint)> _constraints =
        [
            .. from parameter in template.Parameters
               from inline in parameter.InlineConstraints
               select (parameter.Name!, resolver.ResolveConstraint(inline.Constraint)!),
        ];

        public string[] Methods => methods;

        /// <summary>Lower is more specific.</summary>
        public decimal Precedence { get; } = RoutePrecedence.ComputeInbound(template);

        public bool Matches(HttpContext context)
        {
            var values = new RouteValueDictionary();
            return _matcher.TryMatch(context.Request.Path, values) && _constraints.All(each =>
                !values.ContainsKey(each.Parameter)
                || each.Constraint.Match(context, null, each.Parameter, values, RouteDirection.IncomingRequest));
        }
    }
}
