using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>That every answer of the whole test run is what the document says,
/// <see cref="OpenApiCheck"/> sees to in each client.</summary>
public sealed partial class OpenApiTests
{
    private RunningHost _host = null!;
    private JsonElement _document;

    [OneTimeSetUp]
    public async Task Start()
    {
        _host = await RunningHost.StartAsync(takesWork: false);
        using var response = await _host.ClientWith(null).GetAsync("/openapi.json");
        _document = await response.JsonAsync();
    }

    [OneTimeTearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [Test]
    public void The_document_describes_exactly_the_existing_routes()
    {
        var served = FunctionCatalog.Find(typeof(Functions.SubmitArtworkHttp).Assembly)
            .Select(function => function.TriggerAttribute<Microsoft.Azure.Functions.Worker.HttpTriggerAttribute>())
                .OfType<Microsoft.Azure.Functions.Worker.HttpTriggerAttribute>()
            // HEAD goes without saying, and the function without methods answers 404 and 405.
            .SelectMany(trigger => (trigger.Methods ?? []).Where(method => method != "head"),
                (trigger, method) => $"{method} /{RootRoute().Replace(trigger.Route!, "")
                    .Replace(":guid}", "}", StringComparison.Ordinal)}");
        var described = _document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Where(operation => operation.Name != "parameters"),
                (path, operation) => $"{operation.Name} {path.Name}");
        // Pages are no part of the API: a generated client has no use for them.
        Assert.That(described.Concat(["get /", "get /docs", "get /assets/{file}"]), Is.EquivalentTo(served));
    }

    [Test]
    public void Every_operation_has_a_description_and_every_text_that_is_sent_an_example()
    {
        var operations = new[] { "paths", "webhooks" }
            .SelectMany(group => _document.GetProperty(group).EnumerateObject())
            .SelectMany(path => path.Value.EnumerateObject().Where(member => member.Name != "parameters"),
                (path, operation) => (Name: $"{operation.Name} {path.Name}", Operation: operation.Value)).ToList();
        Assert.That(operations, Has.Count.GreaterThan(10));
        Assert.Multiple(() =>
        {
            foreach (var (name, operation) in operations)
            {
                Assert.That(operation.TryGetProperty("description", out var text) ? text.GetString() : null,
                    Is.Not.Null.And.Not.Empty, $"description of {name}");
                var bodies = operation.GetProperty("responses").EnumerateObject().Select(response => response.Value)
                    .Concat(operation.TryGetProperty("requestBody", out var asked) ? [asked] : [])
                    .SelectMany(body => Resolved(body).TryGetProperty("content", out var content)
                        ? content.EnumerateObject() : Enumerable.Empty<JsonProperty>());
                foreach (var media in bodies.Where(media => !IsBinary(media.Value)))
                    Assert.That(media.Value.TryGetProperty("example", out _)
                        || media.Value.TryGetProperty("examples", out var examples)
                            && examples.EnumerateObject().All(example => example.Value.TryGetProperty("value", out _)),
                        Is.True, $"example of {media.Name} of {name}");
            }
        });
    }

    /// <summary>The server refuses these before it knows the route.</summary>
    [TestCase("GET /healthz HTTP/1.1\r\nX-Long: {0}", 431)]
    [TestCase("GET /readyz HTTP/1.1\r\nX-Long: {0}", 431)]
    [TestCase("GET /openapi.json HTTP/1.1\r\nNo header", 400)]
    public async Task A_request_that_cannot_be_read_gets_a_4xx_without_a_body(string request, int expected)
    {
        var (status, response) = await RawHttp.SendAsync(_host.Client.BaseAddress!,
            request.Replace("{0}", new('x', 64 * 1024), StringComparison.Ordinal));
        Assert.That(status, Is.EqualTo(expected));
        Assert.That(response, Does.Contain("Content-Length: 0\r\n").And.Contain("Connection: close\r\n"));
        var path = request.Split(' ')[1];
        var described = Resolved(_document.GetProperty("paths").GetProperty(path).GetProperty("get")
            .GetProperty("responses").GetProperty("4XX"));
        Assert.That(described.TryGetProperty("content", out _), Is.False);
    }

    [Test]
    public void It_is_valid_OpenAPI_and_its_examples_match_their_schemas()
    {
        Assert.That(_document.GetProperty("openapi").GetString(), Is.EqualTo("3.1.0"));
        Assert.That(OpenApiCheck.CheckDocument(), Is.Empty);
    }

    [Test]
    public void Document_guide_and_drop_in_route_know_every_failure_code_and_field()
    {
        var codes = typeof(Core.Artworks.ArtworkFailure).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).ToList();
        var schemas = _document.GetProperty("components").GetProperty("schemas");
        Assert.That(Texts(schemas.GetProperty("Failure").GetProperty("properties").GetProperty("code")
            .GetProperty("enum")), Is.EquivalentTo(codes));
        Assert.That(Core.Artworks.ArtworkFailure.RemoveBgErrors.Keys, Is.EquivalentTo(codes));
        var guide = File.ReadAllText(Path.Combine(Repo.Root, "docs", "api.md"));
        Assert.That(codes.Where(code => !guide.Contains($"`{code}`", StringComparison.Ordinal)), Is.Empty, "api.md");
        Assert.That(schemas.GetProperty("SubmitRequest").GetProperty("properties").EnumerateObject()
            .Select(field => field.Name), Is.EqualTo(Core.Submit.RequestFields.Known));
    }

    [Test]
    public void A_difference_between_document_and_service_is_found()
    {
        // What is not documented: a header, a field, a status.
        using var client = new HttpClient(new OpenApiCheck());
        Assert.Multiple(async () =>
        {
            foreach (var (status, header, body, expected) in new[]
            {
                (200, "X-Extra", """{"status":"alive"}""", "header x-extra is not documented"),
                (200, "Date", """{"status":"alive","more":1}""", "must NOT have additional properties (more)"),
                (200, "Date", """{"status":"dead"}""", "must be equal to constant"),
                (418, "Date", """{"status":"alive"}""", "alive does not document 418"),
            })
            {
                await using var other = await Caller.StartAsync();
                other.ServePage("/healthz", async context =>
                {
                    context.Response.StatusCode = status;
                    context.Response.Headers[header] = "Mon, 23 Nov 2026 00:00:00 GMT";
                    context.Response.ContentType = "application/json";
                    await context.Response.WriteAsync(body);
                });
                Assert.That(() => client.GetAsync(other.Url + "/healthz").GetAwaiter().GetResult(),
                    Throws.TypeOf<AssertionException>().With.Message.Contains(expected));
            }
        });
    }

    private static bool IsBinary(JsonElement media) =>
        media.GetProperty("schema").TryGetProperty("contentMediaType", out _);

    private JsonElement Resolved(JsonElement node) => !node.TryGetProperty("$ref", out var reference) ? node
        : Resolved(reference.GetString()!.Split('/')[1..].Aggregate(_document, (at, step) => at.GetProperty(step)));

    private static IEnumerable<string?> Texts(JsonElement array) =>
        array.EnumerateArray().Select(text => text.GetString());

    [GeneratedRegex(@"^\{ignored.*")]
    private static partial Regex RootRoute();
}
