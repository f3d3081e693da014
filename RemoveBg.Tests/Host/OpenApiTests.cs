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
        Assert.That(described, Is.EquivalentTo(served));
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

    private static IEnumerable<string?> Texts(JsonElement array) =>
        array.EnumerateArray().Select(text => text.GetString());

    [GeneratedRegex(@"^\{ignored.*")]
    private static partial Regex RootRoute();
}
