using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Functions;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.Tests.Host;

public sealed class FunctionCatalogTests
{
    private static readonly IReadOnlyList<DiscoveredFunction> Functions =
        FunctionCatalog.Find(typeof(SubmitArtworkHttp).Assembly);

    /// <summary>The Functions host on Azure reads functions.metadata; the self-host reads attributes.</summary>
    [Test]
    public async Task The_self_host_runs_the_same_functions_as_the_published_package()
    {
        var file = Path.Combine(await Given.PublishedFunctions.FolderAsync(), "functions.metadata");
        using var metadata = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        var published = metadata.RootElement.EnumerateArray().Select(Describe);
        Assert.That(Functions.Select(Describe), Is.EquivalentTo(published));
    }

    [TestCase("post", "v2/artworks/remove-background")]
    [TestCase("get", "v2/artworks/{id}")]
    [TestCase("get", "v2/artworks")]
    [TestCase("post", "v2/artworks/{id}/cancel")]
    [TestCase("delete", "v2/artworks/{id}")]
    [TestCase("get", "v2/artworks/{id}/webhook-deliveries")]
    [TestCase("post", "v2/artworks/{id}/webhook-deliveries/redeliver")]
    [TestCase("get", "healthz")]
    [TestCase("get", "readyz")]
    public void Every_route_of_the_contract_has_a_function(string method, string route) =>
        Assert.That(Functions.Count(function => function.TriggerAttribute<HttpTriggerAttribute>() is { } trigger
            && trigger.Route!.Replace(":guid}", "}", StringComparison.Ordinal) == route
            && trigger.Methods!.Contains(method)), Is.EqualTo(1));

    [Test]
    public void Every_get_route_also_takes_head()
    {
        var triggers = Functions.Select(function => function.TriggerAttribute<HttpTriggerAttribute>());
        Assert.That(triggers.Where(trigger => trigger?.Methods?.Contains("get") == true),
            Has.All.Property("Methods").Contains("head"));
    }

    /// <summary>The Functions host matches routes in the order of the names, ignoring case.</summary>
    [Test]
    public void The_function_that_takes_every_route_is_tried_last() =>
        Assert.That(Functions.Where(function => function.TriggerAttribute<HttpTriggerAttribute>() is not null)
            .MaxBy(function => function.Name, StringComparer.OrdinalIgnoreCase)!.Name, Is.EqualTo("UnknownRoute"));

    [TestCase("artworks")]
    [TestCase("artworks-poison")]
    [TestCase("webhooks")]
    [TestCase("webhooks-poison")]
    public void Every_queue_has_a_function(string queue) =>
        Assert.That(Functions.Count(function => function.TriggerAttribute<QueueTriggerAttribute>()
            is { Connection: "AzureWebJobsStorage" } trigger && trigger.QueueName == queue), Is.EqualTo(1));

    [Test]
    public void Names_are_unique_as_the_functions_host_demands() =>
        Assert.That(Functions.Select(function => function.Name), Is.Unique);

    /// <summary>It would run on Azure each time that an instance of any function starts.</summary>
    [Test]
    public void No_timer_has_run_on_startup_and_the_self_host_sweeps_when_it_starts()
    {
        Assert.That(Functions.Select(function => function.TriggerAttribute<TimerTriggerAttribute>()).OfType<
            TimerTriggerAttribute>().Select(timer => timer.RunOnStartup), Is.EqualTo(new[] { false, false }));
        Assert.That(Functions.Where(function => function.Method.IsDefined(typeof(RunsAtStartAttribute), false))
            .Select(function => function.Name), Is.EqualTo(new[] { "SweepArtworks" }));
    }

    [Test]
    public void A_parameter_that_this_host_cannot_fill_fails_startup() =>
        Assert.That(() => FunctionCatalog.Find(typeof(Unfillable).Assembly),
            Throws.InvalidOperationException.With.Message.Contains("Unfillable").And.Message.Contains("guess"));

    private static string Describe(DiscoveredFunction function)
    {
        string trigger;
        if (function.TriggerAttribute<HttpTriggerAttribute>() is { } http)
            trigger = $"http {http.AuthLevel} {string.Join(',', http.Methods ?? [])} {http.Route}";
        else if (function.TriggerAttribute<QueueTriggerAttribute>() is { } queue)
            trigger = $"queue {queue.QueueName} {queue.Connection}";
        else if (function.TriggerAttribute<TimerTriggerAttribute>() is { } timer)
            trigger = $"timer {timer.Schedule} {timer.RunOnStartup} {timer.UseMonitor}";
        else
            trigger = "unknown";
        var method = $"{function.Method.DeclaringType}.{function.Method.Name}";
        return $"{function.Name}: {method}({function.Trigger.Name}) {trigger}";
    }

    private static string Describe(JsonElement function)
    {
        var trigger = function.GetProperty("bindings").EnumerateArray()
            .Single(binding => Text(binding, "type")!.EndsWith("Trigger", StringComparison.Ordinal));
        var text = Text(trigger, "type") switch
        {
            "httpTrigger" => $"http {Text(trigger, "authLevel")} {Methods(trigger)} {Text(trigger, "route")}",
            "queueTrigger" => $"queue {Text(trigger, "queueName")} {Text(trigger, "connection")}",
            // The SDK leaves out values that are the attribute's defaults.
            "timerTrigger" => $"timer {Text(trigger, "schedule")} "
                + $"{Text(trigger, "runOnStartup") ?? "False"} {Text(trigger, "useMonitor") ?? "True"}",
            var other => other,
        };
        return $"{Text(function, "name")}: {Text(function, "entryPoint")}({Text(trigger, "name")}) {text}";
    }

    private static string Methods(JsonElement trigger) =>
        trigger.TryGetProperty("methods", out var methods) ? string.Join(',', methods.EnumerateArray()) : "";

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.ToString() : null;

#pragma warning disable CA1822 // Functions are instance methods.
    public sealed class Unfillable
    {
        [Function("Unfillable")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, DateTime guess) =>
            _ = (request, guess);
    }
}
