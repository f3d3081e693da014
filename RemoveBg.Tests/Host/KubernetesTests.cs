using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using RemoveBg.Core.Network;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The manifests of infra/kubernetes, held against the published types, against each other and against the
/// code.</summary>
public sealed partial class KubernetesTests
{
    /// <summary>Mistakes in worker.yaml, and what must be said of each.</summary>
    private static readonly (string Right, string Wrong, string Problem)[] Mistakes =
    [
        ("terminationGracePeriodSeconds", "terminationGracePeriod", "'\"terminationGracePeriod\"' does not exist"),
        ("maxReplicaCount: 40", "maxReplicas: 40", "'\"maxReplicas\"' does not exist"),
        ("queueLength: \"8\"", "queueLength: 8", "queueLength must be string"),
        ("whenUnsatisfiable: ScheduleAnyway", "whenUnsatisfiable: Perhaps", "one of the allowed values"),
        ("failureThreshold: 60", "failureThreshold: many", "'string' is not assignable to type 'number'"),
        ("kind: ScaledObject", "kind: ScaleObject", "there is no keda.sh/v1alpha1 ScaleObject"),
        ("scaleTargetRef: { name: removebg-worker }", "fallback: {}", "scaleTargetRef"),
        ("minReplicaCount: 1", "pollingInterval: 1", "Map keys must be unique"),
    ];

    private IReadOnlyList<JsonElement> _objects = null!;
    private IReadOnlyList<string> _problems = null!, _ofMistakes = null!;

    /// <summary>Reads the manifests, and the ones with a mistake together: a check takes seconds.</summary>
    [OneTimeSetUp]
    public async Task ReadAsync()
    {
        (_objects, _problems) = await Manifests.ReadAsync(Directory.GetFiles(Manifests.Folder, "*.yaml"));
        using var folder = new TemporaryFolder();
        var text = await File.ReadAllTextAsync(Path.Combine(Manifests.Folder, "worker.yaml"));
        var files = Mistakes.Select((_, i) => Path.Combine(folder.Path, $"mistake{i}.yaml")).ToList();
        foreach (var (file, (right, wrong, _)) in files.Zip(Mistakes))
        {
            Assert.That(text, Does.Contain(right));
            await File.WriteAllTextAsync(file, text.Replace(right, wrong, StringComparison.Ordinal));
        }
        (_, _ofMistakes) = await Manifests.ReadAsync(files);
    }

    [Test]
    public void Every_object_has_the_fields_of_its_kind_and_no_others() => Assert.That(_problems, Is.Empty);

    private static IEnumerable<int> Numbers() => Enumerable.Range(0, Mistakes.Length);

    [TestCaseSource(nameof(Numbers))]
    public void A_mistake_is_found(int mistake)
    {
        var said = _ofMistakes.Where(text => text.StartsWith($"mistake{mistake}.yaml", StringComparison.Ordinal));
        Assert.That(said, Has.Some.Contains(Mistakes[mistake].Problem));
    }

    [Test]
    public void Kustomize_takes_every_file_and_replaces_the_image()
    {
        var kustomization = One("Kustomization");
        Assert.That(kustomization.GetProperty("resources").EnumerateArray().Select(name => name.GetString()),
            Is.EquivalentTo(_objects.Select(found => found.Text("file")).Distinct().Except(["kustomization.yaml"])));
        Assert.That(kustomization.GetProperty("images")[0].Text("name"), Is.EqualTo("removebg"));
        Assert.That(kustomization.Text("namespace"), Is.EqualTo(One("Namespace").Name()));
        Assert.That(kustomization.EnumerateObject().Select(property => property.Name), Is.EquivalentTo(new[]
            { "file", "apiVersion", "kind", "namespace", "resources", "images" }));
    }

    [Test]
    public void Selectors_match_labels()
    {
        var templates = Pods().ToDictionary(pod => pod.Name, pod => pod.Template.At("metadata.labels").Pairs());
        Assert.Multiple(() =>
        {
            foreach (var deployment in All("Deployment"))
                Assert.That(Selected(deployment.At("spec.selector.matchLabels")),
                    Is.EqualTo(new[] { deployment.Name() }));
            foreach (var budget in All("PodDisruptionBudget"))
                Assert.That(Selected(budget.At("spec.selector.matchLabels")), Is.EqualTo(new[] { budget.Name() }));
            Assert.That(Selected(One("Service").At("spec.selector")), Is.EqualTo(new[] { "removebg-web" }));
            Assert.That(Selected(Named("NetworkPolicy", "removebg").At("spec.podSelector.matchLabels")),
                Is.EquivalentTo(templates.Keys));
            Assert.That(Selected(Named("NetworkPolicy", "removebg-web").At("spec.podSelector.matchLabels")),
                Is.EqualTo(new[] { "removebg-web" }));
            Assert.That(All("PodDisruptionBudget").Count(), Is.EqualTo(2));
        });
        IEnumerable<string> Selected(JsonElement labels) => templates
            .Where(template => template.Value.IsSupersetOf(labels.Pairs())).Select(template => template.Key);
    }

    [Test]
    public void What_is_referred_to_exists()
    {
        var settings = All("ConfigMap").Select(map => map.Name()).ToList();
        var accounts = All("ServiceAccount").Select(account => account.Name()).ToList();
        foreach (var (name, _, template) in Pods())
        {
            Assert.That(template.At("spec").Text("serviceAccountName"), Is.EqualTo(name).And.AnyOf([.. accounts]));
            Assert.That(Container(template).GetProperty("envFrom").EnumerateArray()
                .Select(it => it.At("configMapRef").Text("name")!), Is.SubsetOf(settings));
        }
        Assert.That(One("ScaledObject").At("spec.triggers").EnumerateArray()
            .Select(trigger => trigger.At("authenticationRef").Text("name")).Distinct(),
            Is.EqualTo(new[] { One("TriggerAuthentication").Name() }));
        Assert.That(One("TriggerAuthentication").At("spec.podIdentity").Text("provider"), Is.EqualTo("azure-workload"));
        Assert.That(One("Service").At("spec.ports")[0].Text("targetPort"),
            Is.EqualTo(Container(Deployment("web").At("spec.template")).At("ports")[0].Text("name")));
    }

    [TestCase("web")]
    [TestCase("worker")]
    public void Each_deployment_has_its_role_its_probes_and_time_to_end(string role)
    {
        var pod = Deployment(role).At("spec.template.spec");
        var container = pod.GetProperty("containers")[0];
        ContainerRules.CheckRole(container.GetProperty("env"), role);
        Assert.That(container.At("ports")[0].GetProperty("containerPort").GetInt32(), Is.EqualTo(ContainerRules.Port));
        foreach (var kind in new[] { "startup", "readiness", "liveness" })
        {
            var request = container.At($"{kind}Probe.httpGet");
            ContainerRules.CheckProbe(kind, request.Text("path")!);
            Assert.That(request.Text("port"), Is.EqualTo(container.At("ports")[0].Text("name")));
        }
        var before = container.TryGetProperty("lifecycle", out var lifecycle)
            ? lifecycle.At("preStop.sleep.seconds").GetInt32() : 0;
        Assert.That(TimeSpan.FromSeconds(pod.GetProperty("terminationGracePeriodSeconds").GetInt32() - before),
            Is.GreaterThanOrEqualTo(ContainerRules.LeastGrace));
    }

    [Test]
    public void Settings_are_ones_that_exist_and_only_what_signs_has_the_secret()
    {
        foreach (var (name, _, template) in Pods())
        {
            var variables = Container(template).GetProperty("env").EnumerateArray().ToList();
            ContainerRules.CheckSettings(variables.Select(it => it.Text("name")!));
            var secrets = variables.Where(it => it.TryGetProperty("valueFrom", out _))
                .Select(it => (it.Text("name"), it.At("valueFrom.secretKeyRef").Text("name")));
            Assert.That(secrets, Is.EqualTo(name == "removebg-sweeper" ? []
                : new[] { ("RemoveBg__Webhook__Secrets", "removebg-webhook") }), name);
        }
        var shared = One("ConfigMap").GetProperty("data").EnumerateObject().ToList();
        ContainerRules.CheckSettings(shared.Select(setting => setting.Name));
        Assert.That(shared.Single(it => it.Name == "AzureWebJobsStorage__credential").Value.GetString(),
            Is.EqualTo("workloadidentity"));
        Assert.That(_objects.Any(found => found.Text("kind") == "Secret"), Is.False, "no secret is in the source");
    }

    [Test]
    public void The_sweeper_runs_each_minute_and_has_time_enough()
    {
        var job = One("CronJob").GetProperty("spec");
        Assert.That(job.Text("schedule"), Is.EqualTo("* * * * *"));
        ContainerRules.CheckSweep(Container(job.At("jobTemplate.spec.template")).GetProperty("command"),
            job.At("jobTemplate.spec.activeDeadlineSeconds").GetInt32());
    }

    [Test]
    public void Each_deployment_is_scaled_by_one_thing_workers_by_their_queues()
    {
        Assert.That(One("HorizontalPodAutoscaler").At("spec.scaleTargetRef").Text("name"), Is.EqualTo("removebg-web"));
        var scaled = One("ScaledObject").GetProperty("spec");
        Assert.That(scaled.At("scaleTargetRef").Text("name"), Is.EqualTo("removebg-worker"));
        foreach (var deployment in All("Deployment"))
            Assert.That(deployment.GetProperty("spec").TryGetProperty("replicas", out _), Is.False,
                "applied again, it would undo the scaling");
        Assert.That(scaled.GetProperty("triggers").EnumerateArray().Select(trigger => (trigger.Text("type"),
            trigger.At("metadata").Text("queueName"), trigger.At("metadata").Text("queueLengthStrategy"),
            trigger.At("metadata").Text("accountName"))), Is.EqualTo(new[]
        {
            ("azure-queue", ArtworkQueues.Artworks, "all", "${STORAGE_ACCOUNT}"),
            ("azure-queue", ArtworkQueues.Webhooks, "visibleonly", "${STORAGE_ACCOUNT}"),
        }));
    }

    [Test]
    public void Pods_run_without_root_capabilities_or_a_writable_file_system()
    {
        foreach (var (name, _, template) in Pods())
        {
            var pod = template.GetProperty("spec");
            var container = Container(template);
            Assert.Multiple(() =>
            {
                Assert.That(pod.GetProperty("containers").GetArrayLength(), Is.EqualTo(1), name);
                Assert.That(container.Text("image"), Is.EqualTo("removebg"), name);
                Assert.That(pod.At("securityContext.runAsNonRoot").GetBoolean(), Is.True, name);
                Assert.That(pod.At("securityContext.seccompProfile").Text("type"), Is.EqualTo("RuntimeDefault"), name);
                Assert.That(pod.GetProperty("automountServiceAccountToken").GetBoolean(), Is.False, name);
                Assert.That(container.At("securityContext.readOnlyRootFilesystem").GetBoolean(), Is.True, name);
                Assert.That(container.At("securityContext.allowPrivilegeEscalation").GetBoolean(), Is.False, name);
                Assert.That(container.At("securityContext.capabilities.drop")[0].GetString(), Is.EqualTo("ALL"), name);
                Assert.That(container.At("resources.requests").EnumerateObject().Select(it => it.Name),
                    Is.EqualTo(new[] { "cpu", "memory" }), name);
                Assert.That(container.At("resources.limits").TryGetProperty("memory", out _), Is.True, name);
                Assert.That(container.At("volumeMounts").EnumerateArray().Select(it => it.Text("mountPath")),
                    Is.EqualTo(new[] { "/tmp" }), name);
            });
        }
    }

    [Test]
    public void Only_web_is_reached_and_no_pod_reaches_private_addresses()
    {
        var all = Named("NetworkPolicy", "removebg").GetProperty("spec");
        Assert.That(all.GetProperty("policyTypes").EnumerateArray().Select(type => type.GetString()),
            Is.EquivalentTo(new[] { "Ingress", "Egress" }));
        Assert.That(all.TryGetProperty("ingress", out _), Is.False);
        Assert.That(Named("NetworkPolicy", "removebg-web").At("spec.ingress")[0].GetProperty("ports")[0].Text("port"),
            Is.EqualTo("http"));

        var rules = all.GetProperty("egress").EnumerateArray().ToList();
        var outside = rules.Single(rule => rule.GetProperty("to")[0].TryGetProperty("ipBlock", out _));
        Assert.That(outside.GetProperty("ports").EnumerateArray().Select(port => $"{port.GetProperty("port")}"),
            Is.EquivalentTo(new NetworkOptions().Ports.Split(',')));
        Assert.That(rules.Except([outside]).SelectMany(rule => rule.GetProperty("ports").EnumerateArray())
            .Select(port => port.GetProperty("port").GetInt32()).Distinct(), Is.EqualTo(new[] { 53 }));
        var blocks = outside.GetProperty("to").EnumerateArray().Select(to => to.GetProperty("ipBlock")).ToList();
        foreach (var address in new[] { "10.0.0.1", "100.64.0.1", "127.0.0.1", "168.63.129.16", "169.254.169.254",
            "172.16.0.1", "172.31.255.254", "192.168.0.1", "::1", "fd00:ec2::254", "fe80::1" })
            Assert.That(blocks.Exists(block => Reaches(block, address)), Is.False, address);
        foreach (var address in new[] { "9.9.9.9", "172.32.0.1", "2606:4700::1111" })
            Assert.That(blocks.Exists(block => Reaches(block, address)), Is.True, address);

        static bool Reaches(JsonElement block, string address) =>
            IPNetwork.Parse(block.Text("cidr")!).Contains(IPAddress.Parse(address))
            && !(block.TryGetProperty("except", out var except) && except.EnumerateArray()
                .Any(range => IPNetwork.Parse(range.GetString()!).Contains(IPAddress.Parse(address))));
    }

    /// <summary>The command of the documentation fills in all of them.</summary>
    [Test]
    public void The_documentation_sets_every_variable_of_the_manifests()
    {
        var named = Directory.GetFiles(Manifests.Folder, "*.yaml").SelectMany(file =>
            Variable().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)).Distinct();
        var docs = File.ReadAllText(Path.Combine(Repo.Root, "docs", "containers.md"));
        Assert.That(Export().Matches(docs).Select(match => match.Groups[1].Value), Is.SupersetOf(named));
        Assert.That(docs,
            Does.Contain("create secret generic removebg-webhook").And.Contain("--from-literal=secrets="));
    }

    private JsonElement Deployment(string role) => Named("Deployment", $"removebg-{role}");

    private IEnumerable<(string Name, JsonElement Owner, JsonElement Template)> Pods() =>
    [
        .. All("Deployment").Select(owner => (owner.Name(), owner, owner.At("spec.template"))),
        .. All("CronJob").Select(owner => (owner.Name(), owner, owner.At("spec.jobTemplate.spec.template"))),
    ];

    private static JsonElement Container(JsonElement template) => template.At("spec.containers")[0];

    private IEnumerable<JsonElement> All(string kind) => _objects.Where(found => found.Text("kind") == kind);

    private JsonElement One(string kind) => All(kind).Single();

    private JsonElement Named(string kind, string name) => All(kind).Single(found => found.Name() == name);

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^export (\w+)=", RegexOptions.Multiline)]
    private static partial Regex Export();
}
