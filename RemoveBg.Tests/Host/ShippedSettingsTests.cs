using System.Text.Json;
using System.Xml.Linq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Network;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>Files that go out with the source, held against the code that reads them.</summary>
public sealed class ShippedSettingsTests
{
    [Test]
    public void Host_json_has_no_route_prefix_and_polls_within_two_seconds()
    {
        var host = HostJson.Read(Path.Combine(Repo.Root, "host.json"));
        Assert.Multiple(() =>
        {
            Assert.That(host.RoutePrefix, Is.Empty);
            Assert.That(host.MaxPollingInterval, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(2)));
            Assert.That(host.MaxDequeueCount, Is.EqualTo(5));
            Assert.That(host.NewBatchThreshold, Is.GreaterThanOrEqualTo(Core.Access.ApiKey.DefaultConcurrentJobs),
                "an instance full of one key's jobs still reads on");
            Assert.That(host.NewBatchThreshold, Is.GreaterThanOrEqualTo(new WebhookOptions().MaxAtOnce)
                .And.GreaterThanOrEqualTo(new Core.Process.Fetch.FetchOptions().MaxAtOnce),
                "an instance full of hanging servers still reads on");
        });
    }

    /// <summary>Keys of host.json v2 that we use; docs/deploy.md justifies each number. A key that the
    /// host does not know it ignores silently.</summary>
    [Test]
    public void Host_json_has_only_keys_that_the_host_knows_and_the_docs_justify()
    {
        string[] known =
        [
            "version", "functionTimeout", "extensions.http.routePrefix", "extensions.queues.batchSize",
                "extensions.queues.newBatchThreshold", "extensions.queues.maxDequeueCount",
            "extensions.queues.visibilityTimeout", "extensions.queues.maxPollingInterval",
                "extensions.queues.messageEncoding",
            "logging.logLevel.default", "logging.logLevel.Azure.Core", "telemetryMode",
        ];
        using var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repo.Root, "host.json")));
        var keys = Leaves(host.RootElement, "").ToList();
        Assert.That(keys, Is.SubsetOf(known));
        var docs = File.ReadAllText(Path.Combine(Repo.Root, "docs", "deploy.md"));
        foreach (var key in keys.Where(key => key != "version")) Assert.That(docs, Does.Contain($"`{key}`"), key);
    }

    [Test]
    public void A_job_may_take_as_long_as_functionTimeout_allows()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repo.Root, "host.json")));
        Assert.That(TimeSpan.Parse(host.RootElement.Text("functionTimeout")!,
            System.Globalization.CultureInfo.InvariantCulture),
            Is.GreaterThan(new Core.Process.ProcessOptions().Deadline + new Core.Process.ProcessOptions().Lease));
    }

    [Test]
    public void The_sample_settings_name_only_settings_that_exist_and_are_valid()
    {
        using var sample = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repo.Root, "local.settings.sample.json")));
        var values = sample.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(
            value => value.Name.Replace("__", ":", StringComparison.Ordinal), value => value.Value.GetString());
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        using var services = new ServiceCollection().AddLogging().AddRemoveBg(configuration).BuildServiceProvider();
        Assert.That(services.GetRequiredService<IOptions<WebhookOptions>>().Value.Secrets, Does.StartWith("whsec_"));
        var known = AllSettings();
        Assert.That(values.Keys.Where(key => key.StartsWith("RemoveBg:", StringComparison.Ordinal))
            .Where(key => !known.Contains(key)), Is.Empty);
    }

    [TestCase("WEBSITE_INSTANCE_ID")]
    [TestCase("WEBSITE_SITE_NAME")]
    [TestCase("CONTAINER_APP_NAME")]
    public void Loopback_for_development_is_refused_on_azure(string variable)
    {
        var settings = new Dictionary<string, string?> { ["RemoveBg:Network:AllowLoopbackForDevelopment"] = "true",
            [variable] = "x" };
        using var services = new ServiceCollection().AddLogging()
            .AddRemoveBg(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).BuildServiceProvider();
        Assert.That(() => services.GetRequiredService<IOptions<NetworkOptions>>().Value,
            Throws.TypeOf<OptionsValidationException>().With.Message.Contains("refused on Azure"));
    }

    [TestCase("")]
    [TestCase("whsec_short")]
    [TestCase("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw "
        + "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public void An_invalid_webhook_secret_fails_startup_and_names_the_setting(string secrets)
    {
        var settings = new Dictionary<string, string?> { ["RemoveBg:Webhook:Secrets"] = secrets };
        using var services = new ServiceCollection().AddLogging()
            .AddRemoveBg(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).BuildServiceProvider();
        Assert.That(() => services.GetRequiredService<IOptions<WebhookOptions>>().Value,
            Throws.TypeOf<OptionsValidationException>().With.Message.Contains("Secrets"));
    }

    [TestCase("Microsoft.Azure.Functions.Worker", "2.52.0")]
    [TestCase("Microsoft.Azure.Functions.Worker.Extensions.Storage.Queues", "5.5.5")]
    public void The_default_build_references_the_real_worker(string package, string version)
    {
        var project = XDocument.Load(Path.Combine(Repo.Root, "RemoveBg.Functions", "RemoveBg.Functions.csproj"));
        var versions = XDocument.Load(Path.Combine(Repo.Root, "Directory.Packages.props"));
        Assert.That(project.Descendants("PackageReference")
            .Any(reference => (string?)reference.Attribute("Include") == package), Is.True);
        Assert.That((string?)versions.Descendants("PackageVersion")
            .Single(entry => (string?)entry.Attribute("Include") == package).Attribute("Version"), Is.EqualTo(version));
    }

    [Test]
    public void The_shipped_network_has_the_manifests_digest()
    {
        var shipped = ModelManifest.Shipped.Find("removebg")!;
        Assert.That(ModelCatalog.HasDigest(Path.Combine(Repo.Root, "models", shipped.File), shipped), Is.True);
    }

    private static IEnumerable<string> Leaves(JsonElement element, string path) =>
        element.ValueKind != JsonValueKind.Object ? [path]
        : element.EnumerateObject().SelectMany(
            property => Leaves(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}"));

    internal static HashSet<string> AllSettings() =>
    [
        .. from type in typeof(RemoveBgServices).Assembly.GetTypes()
           let section = type.GetField("Section")?.GetRawConstantValue() as string
           where section is not null
           from property in type.GetProperties()
           select $"{section}:{property.Name}",
        ServiceRole.Setting,
    ];
}
