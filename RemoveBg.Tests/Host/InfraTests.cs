using System.Text.Json;
using System.Text.RegularExpressions;
using RemoveBg.Core.Telemetry;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The ARM template that the real Bicep CLI compiles from infra/.</summary>
public sealed partial class InfraTests
{
    private static readonly string Infra = Path.Combine(Repo.Root, "infra");

    private string _folder = null!;
    private List<JsonElement> _resources = null!;
    private JsonDocument _arm = null!;

    [OneTimeSetUp]
    public void Build()
    {
        _folder = Directory.CreateTempSubdirectory("infra").FullName;
        var file = Path.Combine(_folder, "main.json");
        var (code, said) = BicepCli.Run("build", Path.Combine(Infra, "main.bicep"), "--outfile", file);
        Assert.That((code, said.Trim()), Is.EqualTo((0, "")), "bicep build says nothing");
        _arm = JsonDocument.Parse(File.ReadAllText(file));
        _resources = [.. Resources(_arm.RootElement)];
    }

    [OneTimeTearDown]
    public void Clean()
    {
        _arm?.Dispose();
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void It_lints_without_a_warning_under_strict_rules()
    {
        Assert.That(BicepCli.Run("lint", Path.Combine(Infra, "main.bicep")), Is.EqualTo((0, "")));
        foreach (var rule in JsonDocument.Parse(File.ReadAllText(Path.Combine(Infra, "bicepconfig.json"))).RootElement
            .GetProperty("analyzers").GetProperty("core").GetProperty("rules").EnumerateObject())
            Assert.That(rule.Value.GetProperty("level").GetString(), Is.EqualTo("error"), rule.Name);
    }

    [Test]
    public void The_linter_uses_the_rules_of_this_folder()
    {
        // Only bicepconfig.json makes an unused parameter an error.
        var bad = Path.Combine(_folder, "bad.bicep");
        File.Copy(Path.Combine(Infra, "bicepconfig.json"), Path.Combine(_folder, "bicepconfig.json"), overwrite: true);
        File.WriteAllText(bad, "param unused string\n");
        var (code, said) = BicepCli.Run("lint", bad);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(said, Does.Contain("Error no-unused-params"));
    }

    [Test]
    public void The_parameter_file_fits_the_template() =>
        Assert.That(BicepCli.Run("build-params", Path.Combine(Infra, "main.bicepparam"), "--outfile",
            Path.Combine(_folder, "params.json")), Is.EqualTo((0, "")));

    [Test]
    public void Storage_is_closed_to_the_public_and_to_shared_keys()
    {
        var properties = One("Microsoft.Storage/storageAccounts").GetProperty("properties");
        Assert.Multiple(() =>
        {
            Assert.That(properties.GetProperty("allowBlobPublicAccess").GetBoolean(), Is.False);
            Assert.That(properties.GetProperty("allowSharedKeyAccess").GetBoolean(), Is.False);
            Assert.That(properties.GetProperty("supportsHttpsTrafficOnly").GetBoolean(), Is.True);
            Assert.That(properties.Text("minimumTlsVersion"), Is.EqualTo("TLS1_2"));
            Assert.That(One("Microsoft.Storage/storageAccounts/blobServices").GetProperty("properties")
                .GetProperty("deleteRetentionPolicy").GetProperty("enabled").GetBoolean(), Is.True);
        });
        var rule = One("Microsoft.Storage/storageAccounts/managementPolicies").GetProperty("properties")
            .GetProperty("policy").GetProperty("rules")[0].GetProperty("definition");
        Assert.That(rule.GetProperty("filters").GetProperty("prefixMatch").EnumerateArray()
            .Select(prefix => prefix.GetString()), Is.EqualTo(new[] { "results/", "inputs/" }));
        Assert.That(rule.GetProperty("actions").GetProperty("baseBlob").GetProperty("delete")
            .GetProperty("daysAfterCreationGreaterThan").GetString(), Does.Contain("resultRetentionHours"));
    }

    [Test]
    public void Pages_of_the_named_origins_may_call_the_app_and_read_results_and_no_others()
    {
        var app = One("Microsoft.Web/sites").GetProperty("properties").GetProperty("siteConfig").GetProperty("cors");
        Assert.That(app.Text("allowedOrigins"), Is.EqualTo("[parameters('corsOrigins')]"));
        Assert.That(app.GetProperty("supportCredentials").GetBoolean(), Is.False);
        Assert.That(One("Microsoft.Storage/storageAccounts/blobServices").GetProperty("properties").GetProperty("cors")
            .Text("corsRules"), Does.StartWith("[if(empty(parameters('corsOrigins')), createArray(), ")
                .And.Contain("'allowedOrigins', parameters('corsOrigins')"));
        Assert.That(_arm.RootElement.GetProperty("parameters").GetProperty("corsOrigins").GetProperty("defaultValue")
            .GetArrayLength(), Is.Zero);
        Assert.That(AppSettings(), Does.Contain("RemoveBg__Cors__Origins"));
    }

    [Test]
    public void The_app_has_these_roles_and_nothing_wider()
    {
        var text = _arm.RootElement.GetRawText();
        var roles = RoleIds().Matches(text).Select(match => match.Value).Distinct()
            .Where(id => id != "00000000-0000-0000-0000-000000000000");
        Assert.That(roles, Is.EquivalentTo(new[]
        {
            "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", // Storage Blob Data Owner
            "974c5e8b-45b9-4653-ba55-5f855dd0fb88", // Storage Queue Data Contributor
            "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", // Storage Table Data Contributor
            "4633458b-17de-408a-b874-0445c86b69e6", // Key Vault Secrets User
            "3913510d-42f4-4e42-8a64-420c390055eb", // Monitoring Metrics Publisher
        }));
        var assignments = All("Microsoft.Authorization/roleAssignments").ToList();
        Assert.That(assignments, Has.Count.EqualTo(3), "on storage, the vault and the telemetry");
        foreach (var assignment in assignments)
            Assert.That(assignment.TryGetProperty("scope", out _), Is.True,
                "each role holds for one resource, not for the group");
    }

    [Test]
    public void Every_setting_of_the_app_is_one_that_the_code_or_the_platform_reads()
    {
        var platform = new[]
        {
            "AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__queueServiceUri",
                "AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage__credential",
                "AzureWebJobsStorage__clientId", "WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED",
            "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "GLIBC_TUNABLES",
                "ORT_DISABLE_TELEMETRY",
        };
        var names = AppSettings();
        Assert.That(names.Where(name => !platform.Contains(name))
            .Select(name => name.Replace("__", ":", StringComparison.Ordinal)),
            Is.SubsetOf(ShippedSettingsTests.AllSettings()), "unknown");
        Assert.That(names, Is.SupersetOf(platform));
        // Without it the start stops: the only option that has no default.
        Assert.That(names, Does.Contain("RemoveBg__Webhook__Secrets"));
        Assert.That(_arm.RootElement.GetRawText(),
            Does.Not.Contain("AccountKey").And.Not.Contain("listKeys").And.Not.Contain("DefaultEndpointsProtocol"));
    }

    [Test]
    public void The_app_is_flex_consumption_with_an_identity_of_its_own()
    {
        Assert.That(One("Microsoft.Web/serverfarms").GetProperty("sku").Text("name"), Is.EqualTo("FC1"));
        var app = One("Microsoft.Web/sites");
        Assert.That(app.GetProperty("identity").Text("type"), Is.EqualTo("UserAssigned"));
        Assert.That(app.GetProperty("properties").GetProperty("httpsOnly").GetBoolean(), Is.True);
        var runtime = app.GetProperty("properties").GetProperty("functionAppConfig").GetProperty("runtime");
        Assert.That((runtime.Text("name"), runtime.Text("version")), Is.EqualTo(("dotnet-isolated", "10.0")));
        foreach (var credentials in All("Microsoft.Web/sites/basicPublishingCredentialsPolicies"))
            Assert.That(credentials.GetProperty("properties").GetProperty("allow").GetBoolean(), Is.False);
    }

    [Test]
    public void Alerts_and_dashboard_name_only_metrics_that_exist()
    {
        var source = File.ReadAllText(Path.Combine(Repo.Root, "RemoveBg.Core", "Telemetry", "ServiceMetrics.cs"));
        var monitoring = File.ReadAllText(Path.Combine(Infra, "modules", "monitoring.bicep"))
            + File.ReadAllText(Path.Combine(Infra, "workbook.json"));
        var named = MetricNames().Matches(monitoring).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.That(named, Has.Count.GreaterThanOrEqualTo(5));
        Assert.That(named.Where(name => !source.Contains($"\"{name}\"", StringComparison.Ordinal)), Is.Empty);
        foreach (var fault in new[] { Fault.Poisoned, Fault.WebhookGivenUp })
            Assert.That(monitoring, Does.Contain($"\"{fault}\""));
        Assert.That(monitoring, Does.Contain($"code == \"{Core.Artworks.ArtworkFailure.InternalError}\""));
        Assert.That(All("Microsoft.Insights/scheduledQueryRules"), Is.Not.Empty);
        Assert.That(All("Microsoft.Consumption/budgets"), Has.Count.EqualTo(1));
        using var workbook = JsonDocument.Parse(File.ReadAllText(Path.Combine(Infra, "workbook.json")));
        Assert.That(workbook.RootElement.GetProperty("items").GetArrayLength(), Is.GreaterThanOrEqualTo(5));
    }

    /// <summary>Otherwise each deployment would undo a rotation, and a budget refuses another start.</summary>
    [Test]
    public void The_secret_and_the_budget_are_written_only_when_given()
    {
        Assert.That(One("Microsoft.KeyVault/vaults/secrets").Text("condition"),
            Is.EqualTo("[not(empty(parameters('webhookSecrets')))]"));
        Assert.That(One("Microsoft.Consumption/budgets").Text("condition"),
            Does.Contain("not(empty(parameters('budgetStart')))"));
        foreach (var name in new[] { "webhookSecrets", "budgetStart" })
            Assert.That(_arm.RootElement.GetProperty("parameters").GetProperty(name).Text("defaultValue"), Is.Empty);
        // Each gives another value at each deployment.
        Assert.That(_arm.RootElement.GetRawText(),
            Does.Not.Contain("utcNow").And.Not.Contain("newGuid").And.Not.Contain("deployment()"));
    }

    [Test]
    public void The_app_is_created_after_its_roles_its_secret_and_its_network()
    {
        var modules = _arm.RootElement.GetProperty("resources").EnumerateArray()
            .Where(resource => resource.Text("type") == "Microsoft.Resources/deployments").ToList();
        var functions = modules.Single(module => Deploys(module, "Microsoft.Web/sites"));
        var before = functions.GetProperty("dependsOn").EnumerateArray().Select(id => id.GetString()).ToList();
        var roles = modules.Where(module => Deploys(module, "Microsoft.Authorization/roleAssignments"))
            .Select(module => module.Text("name")!).ToList();
        Assert.That(roles, Is.EquivalentTo(new[] { "storage", "secrets", "monitoring" }));
        foreach (var module in roles.Append("network"))
            Assert.That(before, Has.One.Contains($"'Microsoft.Resources/deployments', '{module}'"));
        static bool Deploys(JsonElement module, string type) =>
            Resources(module.GetProperty("properties").GetProperty("template")).Any(it => it.Text("type") == type);
    }

    [Test]
    public void An_alert_fires_when_the_app_sends_nothing()
    {
        var monitoring = File.ReadAllText(Path.Combine(Infra, "modules", "monitoring.bicep"));
        // A count without a group is one row even if nothing matches.
        Assert.That(monitoring, Does.Match("name: 'silent'[^}]*summarize heartbeats = count\\(\\) "
            + "\\| project value = iff\\(heartbeats == 0, 1, 0\\)'\\s+threshold: 0"));
        Assert.That(One("Microsoft.Insights/webtests").GetRawText(), Does.Contain("/readyz"));
        Assert.That(One("Microsoft.Insights/metricAlerts").GetProperty("properties").GetProperty("criteria")
            .Text("odata.type"), Is.EqualTo("Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria"));
    }

    [Test]
    public void Azd_finds_template_and_app()
    {
        var azd = File.ReadAllText(Path.Combine(Repo.Root, "azure.yaml"));
        var service = One("Microsoft.Web/sites").GetProperty("tags").Text("azd-service-name");
        Assert.That(azd, Does.Contain($"  {service}:\n").And.Contain("project: RemoveBg.Functions").And
            .Contain("path: infra").And.Contain("module: main"));
    }

    private HashSet<string> AppSettings()
    {
        // Those that main.bicep hands over, and those that the module adds.
        var given = Resources(_arm.RootElement, nested: true)
            .Where(resource => resource.Text("type") == "Microsoft.Resources/deployments")
            .Select(deployment => deployment.GetProperty("properties").GetProperty("parameters"))
            .Single(parameters => parameters.TryGetProperty("settings", out _)).GetProperty("settings")
                .GetProperty("value");
        var added = AddedSettings().Matches(One("Microsoft.Web/sites/config").GetProperty("properties").GetString()!)
            .Select(match => match.Groups[1].Value);
        return [.. given.EnumerateObject().Select(setting => setting.Name), .. added];
    }

    private JsonElement One(string type) => All(type).Single();

    private List<JsonElement> All(string type) => [.. _resources.Where(resource => resource.Text("type") == type)];

    /// <summary>Resources of the template and its modules.</summary>
    private static IEnumerable<JsonElement> Resources(JsonElement template, bool nested = false)
    {
        var resources = template.GetProperty("resources");
        foreach (var resource in resources.ValueKind == JsonValueKind.Object
            ? resources.EnumerateObject().Select(entry => entry.Value) : resources.EnumerateArray())
        {
            if (resource.Text("type") != "Microsoft.Resources/deployments" || nested) yield return resource;
            if (resource.Text("type") != "Microsoft.Resources/deployments") continue;
            foreach (var inner in Resources(resource.GetProperty("properties").GetProperty("template")))
                yield return inner;
        }
    }

    [GeneratedRegex(
        "(?<=')[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=\")[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\")")]
    private static partial Regex RoleIds();

    [GeneratedRegex("""Name == ["'](removebg\.[a-z_.]+)["']""")]
    private static partial Regex MetricNames();

    [GeneratedRegex("'([A-Za-z]+(?:__[A-Za-z]+)+)',")]
    private static partial Regex AddedSettings();
}
