using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Functions;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.Tests.Host;

public sealed class FunctionCatalogTests
{
    private static readonly IReadOnlyList<DiscoveredFunction> Functions = FunctionCatalog.Find(typeof(SubmitArtworkHttp).Assembly);

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
        Assert.That(Functions.Count(function => function.TriggerAttribute<HttpTriggerAttribute>() is { } trigger && trigger.Route == route && trigger.Methods!.Contains(method)), Is.EqualTo(1));

    [TestCase("artworks")]
    [TestCase("artworks-poison")]
    [TestCase("webhooks")]
    [TestCase("webhooks-poison")]
    public void Every_queue_has_a_function(string queue) =>
        Assert.That(Functions.Count(function => function.TriggerAttribute<QueueTriggerAttribute>() is { Connection: "AzureWebJobsStorage" } trigger && trigger.QueueName == queue), Is.EqualTo(1));

    [Test]
    public void Names_are_unique_as_the_functions_host_demands() => Assert.That(Functions.Select(function => function.Name), Is.Unique);

    [Test]
    public void A_function_file_has_at_most_40_lines() =>
        Assert.That(Directory.GetFiles(Path.Combine(Given.Repo.Root, "RemoveBg.Functions"), "*.cs")
            .Where(file => File.ReadLines(file).Count() > 40).Select(Path.GetFileName), Is.Empty);

    [Test]
    public void What_this_host_cannot_fill_is_an_error_at_start() =>
        Assert.That(() => FunctionCatalog.Find(typeof(Unfillable).Assembly), Throws.InvalidOperationException.With.Message.Contains("Unfillable").And.Message.Contains("guess"));

#pragma warning disable CA1822 // Functions are instance methods.
    public sealed class Unfillable
    {
        [Function("Unfillable")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, DateTime guess) => _ = (request, guess);
    }
}
