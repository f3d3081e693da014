using System.Text.Json;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The template of infra/container-apps, as Azure's engine evaluates it.</summary>
public sealed class ContainerAppsTests
{
    private const string Apps = "Microsoft.App/containerApps", Jobs = "Microsoft.App/jobs";

    private static readonly string Template = Path.Combine(Repo.Root, "infra", "container-apps", "main.bicep");

    /// <summary>Roles on storage, the vault, the telemetry and the registry.</summary>
    private static readonly Dictionary<string, string> RoleNames = new()
    {
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Blob Data Contributor",
        ["974c5e8b-45b9-4653-ba55-5f855dd0fb88"] = "Queue Data Contributor",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Table Data Contributor",
        ["4633458b-17de-408a-b874-0445c86b69e6"] = "Key Vault Secrets User",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
        ["7f951dda-4ed3-4680-a7ca-43fe172d538d"] = "AcrPull",
    };

    private string _folder = null!;
    private JsonDocument _prediction = null!;

    [OneTimeSetUp]
    public void Predict()
    {
        _folder = Directory.CreateTempSubdirectory("container-apps").FullName;
        BicepCli.CopyInfra(_folder);
        _prediction = BicepCli.PredictTemplate(_folder, "container-apps/main.bicep", "name = 'shop'",
            "image = 'shop.azurecr.io/removebg:1.0.0'", "registryName = 'shop'", "workerMax = 12");
        Assert.That(_prediction.RootElement.GetProperty("diagnostics").GetArrayLength(), Is.Zero);
    }

    [OneTimeTearDown]
    public void Clean()
    {
        _prediction?.Dispose();
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void It_compiles_and_lints_without_a_warning() =>
        Assert.That(BicepCli.Run("lint", Template), Is.EqualTo((0, "")));

    [Test]
    public void The_apps_are_created_after_their_roles_and_their_secret()
    {
        var file = Path.Combine(_folder, "main.json");
        Assert.That(BicepCli.Run("build", Template, "--outfile", file), Is.EqualTo((0, "")));
        using var arm = JsonDocument.Parse(File.ReadAllText(file));
        var apps = arm.RootElement.GetProperty("resources").EnumerateArray()
            .Single(module => module.Text("name") == "apps");
        var before = apps.GetProperty("dependsOn").EnumerateArray().Select(name => name.GetString()).ToList();
        Assert.That(before, Does.Contain("access"), "the loop of all identities");
        foreach (var module in new[] { "secrets", "storage", "environment", "monitoring" })
            Assert.That(before, Has.One.Contains($"'Microsoft.Resources/deployments', '{module}'"));
        Assert.That(arm.RootElement.GetRawText(), Does.Not.Contain("listKeys").And.Not.Contain("AccountKey"));
    }

    [TestCase("web", true)]
    [TestCase("worker", true)]
    [TestCase("sweeper", false)]
    public void Each_identity_has_these_roles_and_nothing_wider(string part, bool readsVault)
    {
        var roles = All("Microsoft.Authorization/roleAssignments")
            .Where(assignment => assignment.Text("name")!.Contains($"shop-{part}-identity", StringComparison.Ordinal))
            .Select(assignment => RoleNames[assignment.GetProperty("properties").Text("roleDefinitionId")!
                .Split('/', '\'').First(RoleNames.ContainsKey)]).ToList();
        Assert.That(roles, Is.EquivalentTo(RoleNames.Values.Where(role => readsVault
            || role != "Key Vault Secrets User")));
        foreach (var assignment in All("Microsoft.Authorization/roleAssignments"))
            Assert.That(assignment.GetRawText(),
                Does.Match("guid\\(.{1,6}/subscriptions/[^,]*/providers/Microsoft\\.[A-Z]"),
                "each role holds for one resource");
    }

    [Test]
    public void Workers_scale_by_the_queues_that_they_read_with_their_identity()
    {
        var scale = Part("worker").GetProperty("template").GetProperty("scale");
        Assert.That((scale.GetProperty("minReplicas").GetInt32(), scale.GetProperty("maxReplicas").GetInt32()),
            Is.EqualTo((1, 12)));
        var rules = scale.GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("custom")).ToList();
        Assert.That(rules.Select(rule => (rule.Text("type"), rule.GetProperty("metadata").Text("queueName"),
            rule.GetProperty("metadata").Text("queueLengthStrategy"))), Is.EqualTo(new[]
        {
            ("azure-queue", ArtworkQueues.Artworks, "all"), ("azure-queue", ArtworkQueues.Webhooks, "visibleonly"),
        }));
        Assert.Multiple(() =>
        {
            foreach (var rule in rules)
            {
                Assert.That(rule.Text("identity"), Does.EndWith("/shop-worker-identity"));
                Assert.That(rule.GetProperty("metadata").Text("accountName"),
                    Is.EqualTo(All("Microsoft.Storage/storageAccounts").Single().Text("name")));
                Assert.That(int.Parse(rule.GetProperty("metadata").Text("queueLength")!,
                    System.Globalization.CultureInfo.InvariantCulture), Is.Positive);
            }
        });
    }

    [Test]
    public void Web_alone_has_an_ingress_and_scales_by_requests()
    {
        var ingress = Part("web").GetProperty("configuration").GetProperty("ingress");
        Assert.That((ingress.GetProperty("external").GetBoolean(), ingress.GetProperty("targetPort").GetInt32(),
            ingress.GetProperty("allowInsecure").GetBoolean()), Is.EqualTo((true, ContainerRules.Port, false)));
        Assert.That(Part("worker").GetProperty("configuration").TryGetProperty("ingress", out _), Is.False);
        Assert.That(Part("web").GetProperty("template").GetProperty("scale").GetProperty("rules")[0]
            .GetProperty("http").GetProperty("metadata").Text("concurrentRequests"), Is.EqualTo("50"));
    }

    [TestCase("web")]
    [TestCase("worker")]
    public void Each_app_has_its_role_its_probes_and_time_to_end(string part)
    {
        var template = Part(part).GetProperty("template");
        Assert.That(TimeSpan.FromSeconds(template.GetProperty("terminationGracePeriodSeconds").GetInt32()),
            Is.GreaterThanOrEqualTo(ContainerRules.LeastGrace));
        var container = template.GetProperty("containers")[0];
        ContainerRules.CheckRole(container.GetProperty("env"), part);
        var probes = container.GetProperty("probes").EnumerateArray().ToList();
        Assert.That(probes.Select(probe => probe.Text("type")),
            Is.EquivalentTo(new[] { "Startup", "Readiness", "Liveness" }));
        foreach (var probe in probes)
        {
            var request = probe.GetProperty("httpGet");
            ContainerRules.CheckProbe(probe.Text("type")!.ToLowerInvariant(), request.Text("path")!);
            Assert.That(request.GetProperty("port").GetInt32(), Is.EqualTo(ContainerRules.Port));
            Assert.That(probe.GetProperty("failureThreshold").GetInt32(), Is.InRange(1, 10), "Container Apps' limit");
        }
    }

    [TestCase("web")]
    [TestCase("worker")]
    [TestCase("sweeper")]
    public void Each_part_runs_the_image_with_settings_that_exist_and_its_own_identity(string part)
    {
        var properties = Part(part);
        var container = properties.GetProperty("template").GetProperty("containers")[0];
        var variables = container.GetProperty("env");
        var names = variables.EnumerateArray().Select(it => it.Text("name")!).ToList();
        ContainerRules.CheckSettings(names);
        Assert.Multiple(() =>
        {
            Assert.That(names, Is.Unique);
            Assert.That(container.Text("image"), Is.EqualTo("shop.azurecr.io/removebg:1.0.0"));
            Assert.That(variables.EnumerateArray().Single(it => it.Text("name") == "AzureWebJobsStorage__clientId")
                .Text("value"), Does.Contain($"/shop-{part}-identity'"));
            Assert.That(variables.EnumerateArray().Single(it => it.Text("name") == "OTEL_SERVICE_NAME").Text("value"),
                Is.EqualTo($"removebg-{part}"));
            var secret = variables.EnumerateArray().Where(it => it.TryGetProperty("secretRef", out _)).ToList();
            Assert.That(secret.Select(it => it.Text("name")),
                Is.EqualTo(part == "sweeper" ? [] : new[] { "RemoveBg__Webhook__Secrets" }));
            if (part == "sweeper") return;
            var given = properties.GetProperty("configuration").GetProperty("secrets")[0];
            Assert.That(given.Text("name"), Is.EqualTo(secret[0].Text("secretRef")));
            Assert.That(given.Text("identity"), Does.EndWith($"/shop-{part}-identity"));
            Assert.That(given.Text("keyVaultUrl"), Does.Contain("secrets/").And.Contain("webhook-secrets"));
        });
    }

    [Test]
    public void The_sweeper_is_a_job_that_runs_each_minute()
    {
        var sweeper = Part("sweeper");
        var configuration = sweeper.GetProperty("configuration");
        Assert.That((configuration.Text("triggerType"), configuration.GetProperty("scheduleTriggerConfig")
            .Text("cronExpression")), Is.EqualTo(("Schedule", "* * * * *")));
        ContainerRules.CheckSweep(sweeper.GetProperty("template").GetProperty("containers")[0].GetProperty("command"),
            configuration.GetProperty("replicaTimeout").GetInt32());
    }

    private JsonElement Part(string part) => All(part == "sweeper" ? Jobs : Apps)
        .Single(resource => resource.Text("name") == $"shop-{part}").GetProperty("properties");

    private IEnumerable<JsonElement> All(string type) => _prediction.RootElement.GetProperty("predictedResources")
        .EnumerateArray().Where(resource => resource.Text("type") == type);
}
