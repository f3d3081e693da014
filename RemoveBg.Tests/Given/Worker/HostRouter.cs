using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;

namespace RemoveBg.Tests.Given.Worker;

/// <summary>
/// The Functions host's routing in front of the worker. It tries the functions in the order of their names, ignoring
/// case, and takes the first one whose route, constraints and methods match (FunctionMetadataManager and
/// WebScriptHostHttpRoutesManager in the host's public source).
/// </summary>
internal sealed class HostRouter(WorkerPeer peer) : HttpMessageHandler
{
    private static readonly IInlineConstraintResolver Constraints = new ServiceCollection().AddLogging().AddRouting()
        .BuildServiceProvider().GetRequiredService<IInlineConstraintResolver>();

    /// <returns>Null where no function matches; the host answers 404 without a body then.</returns>
    public WorkerFunction? Find(string method, string path) => peer.Functions
        .Where(function => function.Route is not null)
        .OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase)
        .FirstOrDefault(function => Takes(function, method) && Matches(function.Route!, path));

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Find(request.Method.Method, request.RequestUri!.AbsolutePath) is not { } function)
            return new(HttpStatusCode.NotFound);
        // A client sends a request once; the peer has a client of its own.
        var forwarded =
            new HttpRequestMessage(request.Method, new Uri(request.RequestUri.PathAndQuery, UriKind.Relative))
        {
            Content = request.Content,
        };
        foreach (var (name, values) in request.Headers) forwarded.Headers.TryAddWithoutValidation(name, values);
        // The client in front reads it, as far as it wants.
        var invocation = await peer.InvokeHttpAsync(function.Name, forwarded, isStreamed: true, cancellationToken);
        return invocation.Response;
    }

    private static bool Takes(WorkerFunction function, string method) =>
        !function.Trigger.TryGetProperty("methods", out var methods)
        || methods.EnumerateArray().Any(each => each.GetString()!.Equals(method, StringComparison.OrdinalIgnoreCase));

    private static bool Matches(string route, string path)
    {
        var template = TemplateParser.Parse(route);
        var values = new RouteValueDictionary();
        return new TemplateMatcher(template, []).TryMatch(path, values)
            && template.Parameters.Where(parameter => values.ContainsKey(parameter.Name!)).All(parameter =>
                parameter.InlineConstraints.All(inline => Constraints.ResolveConstraint(inline.Constraint)!.Match(
                    new DefaultHttpContext(), null, parameter.Name!, values, RouteDirection.IncomingRequest)));
    }
}
