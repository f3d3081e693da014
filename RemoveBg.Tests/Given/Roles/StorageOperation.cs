using System.Text.RegularExpressions;

namespace RemoveBg.Tests.Given.Roles;

/// <summary>An operation of Azure Storage's REST API, with what it needs: "Permissions for calling data operations",
/// https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory, read in November
/// 2026.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Needs">Sets of actions; a caller needs all of one set.</param>
internal sealed partial record StorageOperation(string Name, params string[][] Needs)
{
    private const string Blobs = "Microsoft.Storage/storageAccounts/blobServices/";
    private const string Queues = "Microsoft.Storage/storageAccounts/queueServices/queues/";
    private const string Tables = "Microsoft.Storage/storageAccounts/tableServices/tables/";

    private static readonly IReadOnlyDictionary<string, StorageOperation> Known = new StorageOperation[]
    {
        new("Get User Delegation Key", [$"{Blobs}generateUserDelegationKey/action"]),
        new("Create Container", [$"{Blobs}containers/write"]),
        new("Get Container Properties", [$"{Blobs}containers/read"]),
        new("Delete Container", [$"{Blobs}containers/delete"]),
        new("List Blobs", [$"{Blobs}containers/blobs/read"]),
        new("Get Blob", [$"{Blobs}containers/blobs/read"]),
        new("Get Blob Properties", [$"{Blobs}containers/blobs/read"]),
        // add/action suffices for a new blob only, and ours are written again by a second attempt.
        new("Put Blob", [$"{Blobs}containers/blobs/write"]),
        new("Put Block", [$"{Blobs}containers/blobs/write"]),
        new("Put Block List", [$"{Blobs}containers/blobs/write"]),
        new("Set Blob Metadata", [$"{Blobs}containers/blobs/write"]),
        new("Lease Blob", [$"{Blobs}containers/blobs/write"]),
        new("Delete Blob", [$"{Blobs}containers/blobs/delete"]),

        new("Create Queue", [$"{Queues}write"]),
        new("Get Queue Metadata", [$"{Queues}read"]),
        new("Delete Queue", [$"{Queues}delete"]),
        new("Put Message", [$"{Queues}messages/add/action"], [$"{Queues}messages/write"]),
        new("Peek Messages", [$"{Queues}messages/read"]),
        new("Get Messages", [$"{Queues}messages/process/action"],
            [$"{Queues}messages/delete", $"{Queues}messages/read"]),
        new("Update Message", [$"{Queues}messages/write"]),
        new("Delete Message", [$"{Queues}messages/process/action"], [$"{Queues}messages/delete"]),
        new("Clear Messages", [$"{Queues}messages/delete"]),

        new("Create Table", [$"{Tables}write"]),
        new("Query Tables", [$"{Tables}read"]),
        new("Delete Table", [$"{Tables}delete"]),
        new("Query Entities", [$"{Tables}entities/read"]),
        new("Insert Entity", [$"{Tables}entities/add/action"], [$"{Tables}entities/write"]),
        new("Update Entity", [$"{Tables}entities/update/action"], [$"{Tables}entities/write"]),
        new("Merge Entity", [$"{Tables}entities/update/action"], [$"{Tables}entities/write"]),
        new("Insert Or Replace Entity", [$"{Tables}entities/write"],
            [$"{Tables}entities/add/action", $"{Tables}entities/update/action"]),
        new("Insert Or Merge Entity", [$"{Tables}entities/write"],
            [$"{Tables}entities/add/action", $"{Tables}entities/update/action"]),
        new("Delete Entity", [$"{Tables}entities/delete"]),

        // Not of storage.
        new("Get Secret", ["Microsoft.KeyVault/vaults/secrets/getSecret/action"]),
        new("Track", ["Microsoft.Insights/Telemetry/Write"]),
    }.ToDictionary(operation => operation.Name);

    public static StorageOperation Named(string name) => Known[name];

    public bool IsAllowedBy(IReadOnlyCollection<BuiltInRole> roles) =>
        Needs.Any(set => set.All(action => roles.Any(role => role.Allows(action))));

    /// <summary>The operations that a request is: one, or those inside a transaction.</summary>
    /// <exception cref="AssertionException">The request is none that this table knows.</exception>
    public static IEnumerable<StorageOperation> Of(StorageCall call) => call.Service switch
    {
        "Blob" => [Named(BlobOperation(call))],
        "Queue" => [Named(QueueOperation(call))],
        _ when call.Target.StartsWith("$batch", StringComparison.Ordinal) => InTransaction(call).Select(Named),
        _ => [Named(TableOperation(call.Method, call.Target, call.IsConditional))],
    };

    private static string BlobOperation(StorageCall call) =>
        (call.Method, call.Query("restype"), call.Query("comp")) switch
        {
            ("POST", "service", "userdelegationkey") => "Get User Delegation Key",
            ("PUT", "container", "") => "Create Container",
            ("GET" or "HEAD", "container", "") => "Get Container Properties",
            ("DELETE", "container", "") => "Delete Container",
            ("GET", "container", "list") => "List Blobs",
            ("GET", "", "") => "Get Blob",
            ("HEAD", "", "") => "Get Blob Properties",
            ("PUT", "", "") => "Put Blob",
            ("PUT", "", "block") => "Put Block",
            ("PUT", "", "blocklist") => "Put Block List",
            ("PUT", "", "metadata") => "Set Blob Metadata",
            ("PUT", "", "lease") => "Lease Blob",
            ("DELETE", "", "") => "Delete Blob",
            _ => throw Unknown(call),
        };

    private static string QueueOperation(StorageCall call)
    {
        var parts = call.Target.Split('/');
        return (call.Method, parts.Length, call.Query("comp"), call.Query("peekonly")) switch
        {
            ("PUT", 1, "", _) => "Create Queue",
            ("DELETE", 1, "", _) => "Delete Queue",
            ("GET" or "HEAD", 1, "metadata", _) => "Get Queue Metadata",
            ("POST", 2, _, _) => "Put Message",
            ("GET", 2, _, "true") => "Peek Messages",
            ("GET", 2, _, _) => "Get Messages",
            ("DELETE", 2, _, _) => "Clear Messages",
            ("PUT", 3, _, _) => "Update Message",
            ("DELETE", 3, _, _) => "Delete Message",
            _ => throw Unknown(call),
        };
    }

    private static string TableOperation(string method, string target, bool isConditional) =>
        (method, target.StartsWith("Tables", StringComparison.Ordinal), isConditional) switch
        {
            ("POST", true, _) => "Create Table",
            ("GET", true, _) => "Query Tables",
            ("DELETE", true, _) => "Delete Table",
            ("GET", false, _) => "Query Entities",
            ("POST", false, _) => "Insert Entity",
            ("PUT", false, true) => "Update Entity",
            ("PUT", false, false) => "Insert Or Replace Entity",
            ("MERGE" or "PATCH", false, true) => "Merge Entity",
            ("MERGE" or "PATCH", false, false) => "Insert Or Merge Entity",
            ("DELETE", false, _) => "Delete Entity",
            _ => throw new AssertionException($"{method} {target} is no operation of tables that this test knows"),
        };

    /// <summary>Each part has a request line, and its headers before the next one's.</summary>
    private static IEnumerable<string> InTransaction(StorageCall call)
    {
        var lines = RequestLine().Matches(call.Body).ToList();
        Assert.That(lines, Is.Not.Empty, call.Body);
        foreach (var (line, index) in lines.Select((line, index) => (line, index)))
        {
            var end = index + 1 < lines.Count ? lines[index + 1].Index : call.Body.Length;
            yield return TableOperation(line.Groups[1].Value, line.Groups[2].Value.Split('/')[^1],
                call.Body[line.Index..end].Contains("If-Match:", StringComparison.OrdinalIgnoreCase));
        }
    }

    private static AssertionException Unknown(StorageCall call) =>
        new($"{call.Service}: {call.Method} {call.Target}{call.QueryString} is no operation that this test knows");

    [GeneratedRegex(@"^(GET|POST|PUT|MERGE|PATCH|DELETE) (\S+) HTTP/1\.1", RegexOptions.Multiline)]
    private static partial Regex RequestLine();
}
