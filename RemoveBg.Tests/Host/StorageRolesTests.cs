using System.Text.RegularExpressions;
using RemoveBg.Tests.Given;
using RemoveBg.Tests.Given.Roles;

namespace RemoveBg.Tests.Host;

/// <summary>The roles of infra/ and of docs/keys.md, held against the requests that the app and the commands really
/// send.</summary>
[NonParallelizable]
public sealed partial class StorageRolesTests
{
    private const string Account = "the storage account";

    /// <summary>Methods of the storage SDK, the operations that they are, and a file that calls them.</summary>
    private static readonly (string Method, string[] Operations, string File)[] Sdk =
    [
        ("CreateIfNotExistsAsync", ["Create Container", "Create Queue", "Create Table"], "StorageSetup"),
        ("GetPropertiesAsync", ["Get Queue Metadata"], "StorageSetup"),
        ("UploadAsync", ["Put Blob"], "StoredImages"),
        ("DownloadStreamingAsync", ["Get Blob"], "StoredImages"),
        ("GetBlobsAsync", ["List Blobs"], "StoredImages"),
        ("DeleteIfExistsAsync", ["Delete Blob"], "StoredImages"),
        ("DeleteBlobIfExistsAsync", ["Delete Blob"], "StoredImages"),
        ("StageBlockAsync", ["Put Block"], "StoredPieces"),
        ("CommitBlockListAsync", ["Put Block List"], "StoredPieces"),
        ("GetUserDelegationKeyAsync", ["Get User Delegation Key"], "ResultUrls"),
        ("SendMessageAsync", ["Put Message"], "ArtworkQueues"),
        ("PeekMessagesAsync", ["Peek Messages"], "ArtworkQueues"),
        ("GetEntityIfExistsAsync", ["Query Entities"], "ArtworkTable"),
        ("QueryAsync", ["Query Entities"], "ArtworkTable"),
        ("AddEntityAsync", ["Insert Entity"], "OwnWrites"),
        ("UpdateEntityAsync", ["Update Entity", "Merge Entity"], "OwnWrites"),
        ("UpsertEntityAsync", ["Insert Or Replace Entity", "Insert Or Merge Entity"], "StorageSetup"),
        ("DeleteEntityAsync", ["Delete Entity"], "TableDeletes"),
        // Its parts are counted, each as what it is.
        ("SubmitTransactionAsync", [], "OwnWrites"),
    ];

    /// <summary>The platform's own operations with the app's identity, which no test can run. Source: documentation of
    /// Azure Functions (identity-based connections; storage considerations; Flex Consumption deployment) and of Azure
    /// Monitor (Microsoft Entra authentication).</summary>
    private static readonly (string Who, string Why, string[] Operations)[] Platform =
    [
        ("Functions host", "its containers `azure-webjobs-hosts` and `azure-webjobs-secrets`: locks and state of "
            + "timers, keys", ["Create Container", "Get Blob", "Get Blob Properties", "Lease Blob", "List Blobs",
            "Put Blob", "Set Blob Metadata"]),
        ("Functions host", "takes, renews and settles messages; the scale controller counts them",
            ["Create Queue", "Delete Message", "Get Messages", "Get Queue Metadata", "Peek Messages", "Put Message",
                "Update Message"]),
        ("Functions host", "its diagnostic events", ["Create Table", "Insert Entity", "Query Tables"]),
        ("platform", "the package in the container `deployments`", ["Get Blob", "Put Blob"]),
        ("platform", "resolves the setting `RemoveBg__Webhook__Secrets`", ["Get Secret"]),
        ("app", "sends its telemetry (`TelemetryExport`)", ["Track"]),
    ];

    private IReadOnlyCollection<string> _app = null!;
    private IReadOnlyDictionary<string, IReadOnlyCollection<string>> _commands = null!;
    private IReadOnlyList<(BuiltInRole Role, string Scope)> _assigned = null!;

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        var calls = new List<StorageCall>();
        calls.AddRange(await WholeFlow.OfTheWorkerAsync());
        calls.AddRange(await WholeFlow.OfAWeekAsync());
        calls.AddRange(await WholeFlow.OfASignedUrlAsync());
        _app = Operations(calls);
        _commands = (await WholeFlow.OfKeyCommandsAsync()).ToDictionary(pair => pair.Key,
            pair => Operations(pair.Value));
        _assigned = [.. Assigned()];
    }

    /// <summary>Otherwise an operation could need a role that no test notices.</summary>
    [Test]
    public void The_run_reaches_every_storage_operation_that_the_code_can_send()
    {
        var source = string.Concat(Directory.EnumerateFiles(Path.Combine(Repo.Root, "RemoveBg.Core"), "*.cs",
            SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        var methods = SdkCalls().Matches(source).Select(match => match.Groups[1].Value).Distinct();
        Assert.That(methods.Except(Sdk.Select(it => it.Method)), Is.Empty, "calls that this test does not know");
        Assert.Multiple(() =>
        {
            foreach (var (method, operations, file) in Sdk)
            {
                var path = Directory.GetFiles(Path.Combine(Repo.Root, "RemoveBg.Core"), $"{file}.cs",
                    SearchOption.AllDirectories).Single();
                Assert.That(File.ReadAllText(path), Does.Contain($"{method}"), file);
                Assert.That(operations.Length == 0 || operations.Any(_app.Contains), $"{method} was never sent");
            }
        });
        Assert.That(_app.Except(Sdk.SelectMany(it => it.Operations)), Is.Empty, "operations without a call");
    }

    [Test]
    public void The_roles_of_the_template_allow_all_that_the_app_and_the_host_do()
    {
        var roles = _assigned.Select(it => it.Role).ToList();
        Assert.That(Needed().Where(operation => !operation.IsAllowedBy(roles)).Select(operation => operation.Name),
            Is.Empty, "operations that no role of infra/ allows");
    }

    [Test]
    public void Each_role_of_the_template_is_needed_by_an_operation()
    {
        foreach (var (role, _) in _assigned)
        {
            var others = _assigned.Select(it => it.Role).Where(other => other != role).ToList();
            Assert.That(Needed().Where(operation => operation.IsAllowedBy([role]) && !operation.IsAllowedBy(others)),
                Is.Not.Empty, $"nothing needs {role.Name}");
        }
    }

    /// <summary>Microsoft's documentation of identity-based connections names Storage Blob Data Owner for the host's
    /// storage, although what is documented of its operations needs no more than Contributor. Without a deployment to
    /// try that, the documented role stays (docs/deploy.md).</summary>
    [Test]
    public void No_narrower_built_in_role_would_do_but_for_the_one_that_is_documented()
    {
        var narrower = from it in _assigned
                       from other in BuiltInRole.All
                       where other.IsNarrowerThan(it.Role)
                       let roles = _assigned.Select(all => all.Role).Where(role => role != it.Role).Append(other)
                       where Needed().All(operation => operation.IsAllowedBy([.. roles]))
                       select $"{it.Role.Name} > {other.Name}";
        Assert.That(narrower, Is.EqualTo(new[] { "Storage Blob Data Owner > Storage Blob Data Contributor" }));
    }

    /// <summary>Tables, queues and containers that a program creates itself cannot bear its roles.</summary>
    [Test]
    public void The_app_creates_its_tables_queues_and_containers_so_its_roles_are_the_accounts() =>
        Assert.That(_app, Is.SupersetOf(new[] { "Create Table", "Create Queue", "Create Container" }));

    [Test]
    public void The_commands_for_keys_need_the_roles_that_the_docs_name_and_no_others()
    {
        var table = new[] { BuiltInRole.Named("Storage Table Data Contributor") };
        BuiltInRole[] erase = [.. table, BuiltInRole.Named("Storage Blob Data Contributor"),
            BuiltInRole.Named("Storage Queue Data Message Sender")];
        Assert.That(_commands, Has.Count.GreaterThanOrEqualTo(9));
        foreach (var (command, operations) in _commands)
        {
            BuiltInRole[] roles = command == "erase" ? erase : table;
            Assert.That(operations.Where(name => !StorageOperation.Named(name).IsAllowedBy(roles)), Is.Empty, command);
        }
        // A permit that erase frees passes on to an artwork that has come in meanwhile; here, none has.
        var mayBe = _commands["erase"].Append("Put Message").ToList();
        foreach (var role in erase)
            Assert.That(mayBe.Where(name => !StorageOperation.Named(name)
                .IsAllowedBy([.. erase.Where(other => other != role)])), Is.Not.Empty, $"erase needs {role.Name}");
        var keys = Regex.Replace(File.ReadAllText(Path.Combine(Repo.Root, "docs", "keys.md")), @"\s+", " ");
        Assert.That(keys, Does.Contain("need the role *Storage Table Data Contributor*; `erase` also needs *Storage "
            + "Blob Data Contributor* and *Storage Queue Data Message Sender*"));
    }

    [Test]
    public void The_table_of_roles_in_the_docs_is_what_was_seen()
    {
        var docs = File.ReadAllText(Path.Combine(Repo.Root, "docs", "deploy.md"));
        var table = string.Join('\n', Rows());
        Assert.That(docs, Does.Contain(table), $"docs/deploy.md must have:\n{table}");
    }

    /// <summary>Operations of each identity, by the role that allows them.</summary>
    private IEnumerable<string> Rows()
    {
        yield return "| who, as the app's identity | role | on | for |";
        yield return "|---|---|---|---|";
        foreach (var (role, scope) in _assigned)
        {
            var own = _app.Where(name => Allows(role, name)).Order(StringComparer.Ordinal)
                .Select(name => $"{name} (`{Sdk.First(it => it.Operations.Contains(name)).File}`)").ToList();
            if (own.Count > 0) yield return $"| app | {role.Name} | {scope} | {string.Join(", ", own)} |";
            foreach (var (who, why, operations) in Platform)
                if (Allows(role, operations[0]))
                    yield return $"| {who} | {role.Name} | {scope} | {why}: {string.Join(", ", operations)} |";
        }
        static bool Allows(BuiltInRole role, string name) => StorageOperation.Named(name).IsAllowedBy([role]);
    }

    private IEnumerable<StorageOperation> Needed() => _app.Concat(Platform.SelectMany(it => it.Operations)).Distinct()
        .Select(StorageOperation.Named);

    private static IReadOnlyCollection<string> Operations(IEnumerable<StorageCall> calls) =>
        (HashSet<string>)[.. calls.SelectMany(StorageOperation.Of).Select(operation => operation.Name)];

    /// <summary>Ids and scopes of the template's assignments; the app has one identity.</summary>
    private static IEnumerable<(BuiltInRole Role, string Scope)> Assigned()
    {
        foreach (var (module, scope) in new[] { ("storage", Account), ("secrets", "the vault"),
            ("monitoring", "Application Insights") })
        {
            var text = File.ReadAllText(Path.Combine(Repo.Root, "infra", "modules", $"{module}.bicep"));
            foreach (var id in RoleIds().Matches(text).Select(match => match.Value))
                yield return (BuiltInRole.All.Single(role => role.Id == id), scope);
        }
    }

    /// <summary>A call with await, return or an arrow before it, of a type of the SDK: our own methods have other
    /// names, but for Delete, which is not matched.</summary>
    [GeneratedRegex(@"\.((?:CreateIfNotExists|GetProperties|SetProperties|[A-Z][A-Za-z]*Entity|GetEntityIfExists|Query|"
        + @"SubmitTransaction|[A-Z][a-z]+Messages?|Upload|Download[A-Za-z]*|OpenRead|OpenWrite|DeleteIfExists|"
        + @"DeleteBlob[A-Za-z]*|Exists|GetBlobs[A-Za-z]*|StageBlock|CommitBlockList|GetUserDelegationKey|"
        + @"SetMetadata|SetHttpHeaders|Acquire|GetTags|SetTags|StartCopyFromUri|SyncCopyFromUri)Async)[<(]")]
    private static partial Regex SdkCalls();

    [GeneratedRegex("(?<=')[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=')")]
    private static partial Regex RoleIds();
}
