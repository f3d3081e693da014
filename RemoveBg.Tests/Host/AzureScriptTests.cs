using RemoveBg.Tests.Docs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>infra/azure.sh, which deploys, with other programs in place of az, azd, curl and dotnet.</summary>
public sealed class AzureScriptTests
{
    private FakeAzure _azure = null!;

    [SetUp]
    public void Begin()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs bash");
        _azure = new();
    }

    [TearDown]
    public void End() => _azure?.Dispose();

    [Test]
    public async Task Up_reaches_the_first_cut_out_although_each_step_is_refused_at_first()
    {
        foreach (var step in new[] { "put", "refresh", "references", "publish", "ready", "keys", "artwork" })
            _azure.Wait(step, 2);
        var (code, output) = await _azure.RunAsync("up shop northeurope");
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("curl https://shop.example.com/v2/artworks/remove-background")
            .And.Contain("API key, shown only now: rbg_secret"));
        Assert.That(InOrder("az group create", "az deployment group create", "az rest --method put",
            "configreferences/appsettings/refresh", "az functionapp deployment source config-zip", "/readyz",
            "keys add first", "curl", "https://shopstore.example.com/42.webp"), Is.True,
            string.Join('\n', _azure.Calls));
        Assert.That(Given("REMOVEBG_BUDGET_START"), Does.Match(@"^\d{4}-\d\d-01$"));
        Assert.That(Given("REMOVEBG_VAULT_CREATE_MODE"), Is.EqualTo("default"));
        var secret = await File.ReadAllTextAsync(_azure.State("secret"));
        Assert.That(secret, Does.Match("""^\{"properties": \{"value": "whsec_[A-Za-z0-9+/]{43}="\}\}$"""));
        Assert.That(_azure.Calls, Has.None.Contains("whsec_"), "other users see the arguments of a command");
    }

    [Test]
    public async Task A_second_deployment_changes_neither_secret_nor_budget_nor_key()
    {
        var (code, output) = await _azure.RunAsync("up shop northeurope");
        Assert.That(code, Is.Zero, output);
        var secret = await File.ReadAllTextAsync(_azure.State("secret"));
        // As of a budget of last year.
        await File.WriteAllTextAsync(_azure.State("budget"), "REMOVEBG_BUDGET_START=2025-03-01\n");
        var before = _azure.Calls.Count;

        (code, output) = await _azure.RunAsync("up shop");
        Assert.That(code, Is.Zero, output);
        Assert.That(await File.ReadAllTextAsync(_azure.State("secret")), Is.EqualTo(secret));
        Assert.That(Given("REMOVEBG_BUDGET_START"), Is.EqualTo("2025-03-01"));
        Assert.That(_azure.Calls.Skip(before), Has.None.Contains("--method put").And.None.Contains("keys add")
            .And.None.Contains("group create --name shop --location"));
        Assert.That(output, Does.Contain("it stays").And.Contain("The key 'first' exists"));
    }

    [Test]
    public async Task A_deployment_without_them_keeps_the_private_network_and_the_recipients()
    {
        await _azure.RunAsync("up shop northeurope", ("REMOVEBG_PRIVATE_NETWORK", "true"),
            ("REMOVEBG_ALERT_EMAILS", "one@example.com,two@example.com"));
        var (code, output) = await _azure.RunAsync("up shop");
        Assert.That(code, Is.Zero, output);
        Assert.That((Given("REMOVEBG_PRIVATE_NETWORK"), Given("REMOVEBG_ALERT_EMAILS")),
            Is.EqualTo(("true", "one@example.com,two@example.com")));
        await _azure.RunAsync("up shop", ("REMOVEBG_PRIVATE_NETWORK", "false"));
        Assert.That(Given("REMOVEBG_PRIVATE_NETWORK"), Is.EqualTo("false"), "unless another value is given");
    }

    [Test]
    public async Task A_deleted_vault_of_this_group_is_recovered()
    {
        await File.WriteAllTextAsync(_azure.State("deleted"), "");
        var (code, output) = await _azure.RunAsync("up shop northeurope");
        Assert.That(code, Is.Zero, output);
        Assert.That(Given("REMOVEBG_VAULT_CREATE_MODE"), Is.EqualTo("recover"));
        Assert.That(_azure.Calls, Has.Some.Contains("/resourceGroups/shop/"));
    }

    [Test]
    public async Task Another_failure_than_403_is_shown_at_once()
    {
        await File.WriteAllTextAsync(_azure.State("broken"), "");
        var (code, output) = await _azure.RunAsync("up shop northeurope");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(output, Does.Contain("no such app").And.Contain("Publishing failed."));
        Assert.That(_azure.Calls.Count(call => call.Contains("config-zip", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [TestCase("put", "Writing the webhook secret is still not allowed")]
    [TestCase("publish", "Publishing is still not allowed")]
    [TestCase("references", "The app cannot read the vault")]
    [TestCase("ready", "/readyz does not return 200")]
    [TestCase("keys", "Reading the API keys is still not allowed")]
    [TestCase("artwork", "The artwork is not finished")]
    public async Task A_step_that_never_succeeds_fails_and_is_named(string step, string said)
    {
        _azure.Wait(step, 1000);
        var (code, output) = await _azure.RunAsync("up shop northeurope");
        Assert.That(code, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain(said));
    }

    [Test]
    public async Task Nothing_is_published_before_every_vault_reference_is_resolved()
    {
        _azure.Wait("references", 1000);
        await _azure.RunAsync("up shop northeurope");
        Assert.That(_azure.Calls, Has.None.Contains("config-zip"));
    }

    [Test]
    public async Task The_hooks_of_azd_take_its_outputs_and_keep_values_in_its_environment()
    {
        (string, string)[] given = [("AZURE_ENV_NAME", "Shop-1"), ("AZURE_RESOURCE_GROUP", "shop"),
            ("appName", "other-app"), ("vaultName", "kvother"), ("url", "https://shop.example.com"),
            ("storageAccount", "shopstore"), ("isPrivate", "false"), ("AZURE_SUBSCRIPTION_ID", "2222")];
        await File.WriteAllTextAsync(_azure.State("group"), "");
        await File.WriteAllTextAsync(_azure.State("subscription"), "2222\n");
        _azure.Wait("publish", 2);
        foreach (var step in new[] { "prepare", "provisioned", "ready", "try" })
        {
            var (code, output) = await _azure.RunAsync(step, given);
            Assert.That(code, Is.Zero, output);
        }
        Assert.That(_azure.Calls, Has.Some.StartsWith("azd env set REMOVEBG_BUDGET_START 2")
            .And.Some.EqualTo("azd env set REMOVEBG_VAULT_CREATE_MODE default")
            .And.Some.Contains("budgets?api-version").And.Some.Contains("name=='shop1-budget'")
            .And.Some.Contains("/subscriptions/2222/").And.Some.Contains("vaults/kvother/")
            .And.None.Contains("deployment group"));
        var published = _azure.Calls.Count(call => call.Contains("config-zip", StringComparison.Ordinal));
        await _azure.RunAsync("provisioned", given);
        Assert.That(_azure.Calls.Count(call => call.Contains("config-zip", StringComparison.Ordinal)),
            Is.EqualTo(published), "azd itself publishes afterwards");
        // azd runs them, each at its time.
        Assert.That(await File.ReadAllTextAsync(Path.Combine(Repo.Root, "azure.yaml")),
            Does.Match(@"(?s)preprovision:.*azure\.sh prepare.*postprovision:.*azure\.sh provisioned.*"
                + @"postdeploy:.*azure\.sh ready && \./infra/azure\.sh try"));
    }

    [Test]
    public async Task Another_subscription_of_az_than_of_azd_stops_at_once()
    {
        var (code, output) = await _azure.RunAsync("prepare", ("AZURE_SUBSCRIPTION_ID", "2222"));
        Assert.That(code, Is.EqualTo(1));
        Assert.That(output, Does.Contain("az account set --subscription 2222"));
        Assert.That(_azure.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task With_private_storage_the_first_key_is_left_to_the_operator()
    {
        await File.WriteAllTextAsync(_azure.State("private"), "true\n");
        var (code, output) = await _azure.RunAsync("up shop northeurope");
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("Storage is private"));
        Assert.That(_azure.Calls, Has.None.Contains("keys"));
    }

    [Test]
    public async Task A_given_key_and_a_given_package_are_used()
    {
        var (code, output) = await _azure.RunAsync("up shop northeurope", ("REMOVEBG_KEY", "rbg_mine"),
            ("REMOVEBG_PACKAGE", "last.zip"));
        Assert.That(code, Is.Zero, output);
        Assert.That(_azure.Calls, Has.Some.Contains("--src last.zip").And.Some.Contains("Bearer rbg_mine")
            .And.None.StartsWith("dotnet"));
    }

    /// <summary>The shell blocks of docs/deploy.md, in order.</summary>
    [Test]
    public async Task The_commands_of_the_guide_work_one_after_the_other()
    {
        var blocks = FencedBlock.In("docs/deploy.md").Where(block => block.Language == "bash").ToList();
        Assert.That(blocks, Has.Count.GreaterThanOrEqualTo(5));
        var (code, output) = await _azure.RunShellAsync("set -eu\n" + string.Join('\n', blocks.Select(it => it.Code)));
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Not.Contain("unexpected"));
        Assert.That(InOrder("provider register --namespace Microsoft.App", "deployment group create", "keys add first",
            "azd up", "role assignment create", "keys add first-customer", "Bearer rbg_secret", "keyvault secret set",
            "keys export", "keyvault secret backup"), string.Join('\n', _azure.Calls));
        Assert.That(_azure.Calls, Has.Some.Match("keyvault secret set .*--value whsec_[^ ]{44} whsec_old$"),
            "the new secret, and of the old ones the newest");
    }

    [Test]
    public async Task An_unknown_step_shows_the_usage()
    {
        var (code, output) = await _azure.RunAsync("launch");
        Assert.That(code, Is.EqualTo(2));
        Assert.That(output, Does.Contain("infra/azure.sh up GROUP"));
    }

    private string? Given(string name) => File.ReadAllLines(_azure.State("given"))
        .SingleOrDefault(line => line.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    private bool InOrder(params IReadOnlyList<string> parts)
    {
        var found = 0;
        foreach (var call in _azure.Calls)
            if (found < parts.Count && call.Contains(parts[found], StringComparison.Ordinal)) found++;
        return found == parts.Count;
    }
}
