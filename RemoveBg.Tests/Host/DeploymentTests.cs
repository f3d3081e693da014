using System.Text.Json;
using System.Text.RegularExpressions;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>Deployments with combinations of parameters, as Azure's engine evaluates the template.</summary>
public sealed partial class DeploymentTests
{
    private const string
        BlobOwner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", QueueContributor = "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        TableContributor = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", SecretsUser = "4633458b-17de-408a-b874-0445c86b69e6",
        MetricsPublisher = "3913510d-42f4-4e42-8a64-420c390055eb";

    private string _folder = null!;

    /// <summary>Parameters of one deployment.</summary>
    /// <param name="IsPrivate"><c>privateNetwork</c>.</param>
    /// <param name="HasRules"><c>egressRules</c>.</param>
    /// <param name="HasAlerts"><c>alertEmails</c> is given.</param>
    /// <param name="HasBudget"><c>budgetStart</c> is given.</param>
    /// <param name="IsZoned"><c>zoneRedundant</c>.</param>
    /// <param name="AlwaysReady">Instances of the group <c>http</c>.</param>
    /// <param name="Memory">MB of an instance.</param>
    /// <param name="Strategy"><c>siteUpdateStrategy</c>.</param>
    /// <param name="Location">Null: the group's.</param>
    public sealed record Choice(bool IsPrivate = false, bool HasRules = false, bool HasAlerts = false,
        bool HasBudget = false, bool IsZoned = false, int AlwaysReady = 0, int Memory = 2048,
        string Strategy = "Recreate", string? Location = null)
    {
        internal IEnumerable<string> Lines()
        {
            yield return "name = 'shop'";
            yield return $"privateNetwork = {Word(IsPrivate)}";
            yield return $"egressRules = {Word(HasRules)}";
            if (HasAlerts) yield return "alertEmails = ['operator@example.com']";
            if (HasBudget) yield return "budgetStart = '2026-11-01'";
            yield return $"zoneRedundant = {Word(IsZoned)}";
            if (AlwaysReady > 0) yield return $"alwaysReady = [{{ name: 'http', instanceCount: {AlwaysReady} }}]";
            yield return $"instanceMemoryMB = {Memory}";
            yield return $"siteUpdateStrategy = '{Strategy}'";
            if (Location is not null) yield return $"location = '{Location}'";
        }

        private static string Word(bool value) => value ? "true" : "false";
    }

    private static IEnumerable<Choice> Choices() =>
    [
        new(),
        new(IsPrivate: true),
        new(IsPrivate: true, HasRules: true, HasAlerts: true, HasBudget: true, IsZoned: true, AlwaysReady: 2,
            Memory: 4096, Strategy: "RollingUpdate", Location: "swedencentral"),
        new(HasAlerts: true),
        new(HasBudget: true),
        new(HasRules: true, Memory: 4096),
        new(IsPrivate: true, HasAlerts: true, AlwaysReady: 1),
        new(IsZoned: true, HasAlerts: true, HasBudget: true, Location: "eastus2"),
    ];

    [OneTimeSetUp]
    public void Copy()
    {
        _folder = Directory.CreateTempSubdirectory("deployment").FullName;
        BicepCli.CopyInfra(_folder);
    }

    [OneTimeTearDown]
    public void Clean()
    {
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }

    [TestCaseSource(nameof(Choices))]
    public void A_deployment_has_these_resources_settings_and_roles(Choice choice)
    {
        using var prediction = BicepCli.Predict(_folder, choice.Lines());
        var resources = prediction.RootElement.GetProperty("predictedResources").EnumerateArray().ToList();
        Assert.That(prediction.RootElement.GetProperty("diagnostics").GetArrayLength(), Is.Zero);
        Assert.Multiple(() =>
        {
            Assert.That(resources.CountBy(resource => resource.Text("type")!),
                Is.EquivalentTo(Expected(choice)));
            Assert.That(resources.Where(resource => resource.TryGetProperty("location", out _))
                .Select(resource => resource.Text("location")).Distinct(),
                Is.SubsetOf(new[] { "global", choice.Location ?? "northeurope" }));
            CheckRoles(resources);
            CheckSettings(resources, choice);
            CheckApp(resources, choice);
            foreach (var type in new[] { "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults" })
                Assert.That(One(resources, type).GetProperty("properties").Text("publicNetworkAccess"),
                    Is.EqualTo(choice.IsPrivate ? "Disabled" : "Enabled"), type);
        });
    }

    [Test]
    public void The_private_network_reaches_storage_and_vault_by_name()
    {
        using var prediction = BicepCli.Predict(_folder, "name = 'shop'", "privateNetwork = true",
            "networkPrefix = '172.20.0.0'");
        var resources = prediction.RootElement.GetProperty("predictedResources").EnumerateArray().ToList();
        var groups = Properties(resources, "Microsoft.Network/privateEndpoints").Select(endpoint =>
            endpoint.GetProperty("privateLinkServiceConnections")[0].GetProperty("properties")).ToDictionary(
            connection => connection.GetProperty("groupIds")[0].GetString()!,
            connection => connection.Text("privateLinkServiceId")!.Split('/')[^2]);
        Assert.That(groups, Is.EquivalentTo(new Dictionary<string, string> { ["blob"] = "storageAccounts",
            ["queue"] = "storageAccounts", ["table"] = "storageAccounts", ["vault"] = "vaults" }));
        var network = Properties(resources, "Microsoft.Network/virtualNetworks").Single();
        Assert.That(network.GetProperty("subnets").EnumerateArray()
            .Select(subnet => (subnet.Text("name"), subnet.GetProperty("properties").Text("addressPrefix"))),
            Is.EqualTo(new[] { ("app", "172.20.0.0/24"), ("endpoints", "172.20.1.0/24") }));
        var app = One(resources, "Microsoft.Web/sites").GetProperty("properties");
        Assert.That(app.Text("virtualNetworkSubnetId"), Does.EndWith("/subnets/app"));
    }

    [Test]
    public void Outgoing_rules_let_the_app_reach_its_own_subnet_and_the_endpoints()
    {
        using var prediction =
            BicepCli.Predict(_folder, "name = 'shop'", "privateNetwork = true", "egressRules = true");
        var resources = prediction.RootElement.GetProperty("predictedResources").EnumerateArray().ToList();
        var rules = Properties(resources, "Microsoft.Network/networkSecurityGroups").Single()
            .GetProperty("securityRules").EnumerateArray().Select(rule => rule.GetProperty("properties"))
            .OrderBy(rule => rule.GetProperty("priority").GetInt32()).ToList();
        var denied = rules.FindIndex(rule => rule.Text("access") == "Deny");
        Assert.That(rules[..denied].Select(rule => rule.Text("destinationAddressPrefix")),
            Is.SupersetOf(new[] { "10.40.0.0/24", "10.40.1.0/24" }), "allowed before private ranges are denied");
        Assert.That(rules[denied].GetRawText(), Does.Not.Contain("100.64"), "the platform's own");
    }

    [Test]
    public void A_public_address_is_the_results_and_the_external_tests()
    {
        using var prediction = BicepCli.Predict(_folder, "name = 'shop'", "privateNetwork = true",
            "publicUrl = 'https://removebg.example.com'", "alertEmails = ['operator@example.com']");
        var resources = prediction.RootElement.GetProperty("predictedResources").EnumerateArray().ToList();
        Assert.That(One(resources, "Microsoft.Web/sites/config").GetProperty("properties")
            .Text("RemoveBg__Results__PublicUrl"), Is.EqualTo("https://removebg.example.com"));
        Assert.That(Properties(resources, "Microsoft.Insights/webtests").Single().GetProperty("Request")
            .Text("RequestUrl"), Is.EqualTo("https://removebg.example.com/readyz"));
    }

    [Test]
    public void The_parameter_file_of_a_second_deployment_gives_neither_secret_nor_budget_nor_location()
    {
        var file = Path.Combine(_folder, "given.json");
        Assert.That(BicepCli.Run("build-params", Path.Combine(_folder, "main.bicepparam"), "--outfile", file),
            Is.EqualTo((0, "")));
        using var given = JsonDocument.Parse(File.ReadAllText(file));
        var parameters = given.RootElement.GetProperty("parameters");
        Assert.That((Value("webhookSecrets"), Value("budgetStart"), Value("vaultCreateMode")),
            Is.EqualTo(("", "", "default")));
        Assert.That(parameters.TryGetProperty("location", out _), Is.False);
        string? Value(string name) => parameters.GetProperty(name).Text("value");
    }

    private static Dictionary<string, int> Expected(Choice choice)
    {
        var expected = new Dictionary<string, int>
        {
            ["Microsoft.ManagedIdentity/userAssignedIdentities"] = 1,
            ["Microsoft.Authorization/roleAssignments"] = 5,
            ["Microsoft.Storage/storageAccounts"] = 1,
            ["Microsoft.Storage/storageAccounts/blobServices"] = 1,
            ["Microsoft.Storage/storageAccounts/blobServices/containers"] = 1,
            ["Microsoft.Storage/storageAccounts/queueServices"] = 1,
            ["Microsoft.Storage/storageAccounts/tableServices"] = 1,
            ["Microsoft.Storage/storageAccounts/managementPolicies"] = 1,
            ["Microsoft.KeyVault/vaults"] = 1,
            // Secure parameters are unknown to a prediction: the condition is tested on the compiled template.
            ["Microsoft.KeyVault/vaults/secrets"] = 1,
            ["Microsoft.OperationalInsights/workspaces"] = 1,
            ["Microsoft.Insights/components"] = 1,
            ["Microsoft.Insights/scheduledQueryRules"] = 5,
            ["Microsoft.Insights/workbooks"] = 1,
            // Blobs, queues, tables, vault and app.
            ["Microsoft.Insights/diagnosticSettings"] = 5,
            ["Microsoft.Web/serverfarms"] = 1,
            ["Microsoft.Web/sites"] = 1,
            ["Microsoft.Web/sites/config"] = 1,
            ["Microsoft.Web/sites/basicPublishingCredentialsPolicies"] = 2,
        };
        if (choice.HasAlerts)
            foreach (var type in new[] { "actionGroups", "webtests", "metricAlerts" })
                expected[$"Microsoft.Insights/{type}"] = 1;
        if (choice is { HasAlerts: true, HasBudget: true }) expected["Microsoft.Consumption/budgets"] = 1;
        if (!choice.IsPrivate) return expected;
        expected["Microsoft.Network/virtualNetworks"] = 1;
        foreach (var type in new[] { "privateEndpoints", "privateEndpoints/privateDnsZoneGroups", "privateDnsZones",
            "privateDnsZones/virtualNetworkLinks" }) expected[$"Microsoft.Network/{type}"] = 4;
        if (choice.HasRules) expected["Microsoft.Network/networkSecurityGroups"] = 1;
        return expected;
    }

    private static void CheckRoles(List<JsonElement> resources)
    {
        var roles = resources.Where(resource => resource.Text("type") == "Microsoft.Authorization/roleAssignments")
            .Select(assignment => (Scope: ScopeType().Match(assignment.Text("id")!).Groups["type"].Value,
                Role: assignment.GetProperty("properties").Text("roleDefinitionId")!.Split('/')[^1]));
        Assert.That(roles, Is.EquivalentTo(new[]
        {
            ("storageAccounts", BlobOwner), ("storageAccounts", QueueContributor),
            ("storageAccounts", TableContributor), ("vaults", SecretsUser), ("components", MetricsPublisher),
        }));
    }

    private static void CheckSettings(List<JsonElement> resources, Choice choice)
    {
        var settings = One(resources, "Microsoft.Web/sites/config").GetProperty("properties");
        Assert.That(settings.Text("RemoveBg__Process__MemoryBudgetMB"), Is.EqualTo($"{choice.Memory - 512}"));
        Assert.That(settings.Text("RemoveBg__Results__PublicUrl"), choice.IsPrivate
            ? Does.StartWith("[format('https://{0}', reference(").And.Contain("defaultHostName") : Is.Empty);
        foreach (var service in new[] { "blob", "queue", "table" })
            Assert.That(settings.Text($"AzureWebJobsStorage__{service}ServiceUri"),
                Does.EndWith($".primaryEndpoints.{service}]"));
        Assert.That(settings.Text("RemoveBg__Webhook__Secrets"),
            Does.StartWith("@Microsoft.KeyVault(VaultName=kvshop").And.EndWith(";SecretName=webhook-secrets)"));
        Assert.That(settings.TryGetProperty("AzureWebJobsStorage", out _), Is.False, "no connection string");
    }

    private static void CheckApp(List<JsonElement> resources, Choice choice)
    {
        Assert.That(One(resources, "Microsoft.Web/serverfarms").GetProperty("properties")
            .GetProperty("zoneRedundant").GetBoolean(), Is.EqualTo(choice.IsZoned));
        var app = One(resources, "Microsoft.Web/sites").GetProperty("properties");
        var config = app.GetProperty("functionAppConfig");
        var scale = config.GetProperty("scaleAndConcurrency");
        Assert.That(config.GetProperty("siteUpdateStrategy").Text("type"), Is.EqualTo(choice.Strategy));
        Assert.That(scale.GetProperty("instanceMemoryMB").GetInt32(), Is.EqualTo(choice.Memory));
        Assert.That(scale.GetProperty("maximumInstanceCount").GetInt32(), Is.EqualTo(40));
        Assert.That(scale.GetProperty("alwaysReady").EnumerateArray()
            .Select(group => (group.Text("name"), group.GetProperty("instanceCount").GetInt32())),
            Is.EqualTo(choice.AlwaysReady > 0 ? [("http", choice.AlwaysReady)] : Array.Empty<(string, int)>()));
        Assert.That(app.GetProperty("siteConfig").TryGetProperty("ftpsState", out _), Is.False, "deprecated on Flex");
        Assert.That(app.TryGetProperty("virtualNetworkSubnetId", out var subnet)
            && subnet.ValueKind == JsonValueKind.String, Is.EqualTo(choice.IsPrivate));
        // Azure refuses these without a location.
        foreach (var policy in resources.Where(resource =>
            resource.Text("type") == "Microsoft.Web/sites/basicPublishingCredentialsPolicies"))
            Assert.That(policy.Text("location"), Is.EqualTo(choice.Location ?? "northeurope"));
    }

    private static JsonElement One(List<JsonElement> resources, string type) =>
        resources.Single(resource => resource.Text("type") == type);

    private static IEnumerable<JsonElement> Properties(List<JsonElement> resources, string type) =>
        resources.Where(resource => resource.Text("type") == type).Select(it => it.GetProperty("properties"));

    [GeneratedRegex("""^\[extensionResourceId\('/[^']*/(?<type>\w+)/[^/']+', 'Microsoft\.Authorization/""")]
    private static partial Regex ScopeType();
}
