using System.Text.RegularExpressions;

namespace RemoveBg.Tests.Given.Roles;

/// <summary>A built-in role of Azure, as Microsoft documents it: "Azure built-in roles", sections Storage, Security
/// and Monitor, https://learn.microsoft.com/azure/role-based-access-control/built-in-roles, read in November
/// 2026.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">The last part of its definition's id.</param>
/// <param name="Actions">On the service and its containers, queues and tables; * stands for any text.</param>
/// <param name="DataActions">On blobs, messages, rows and secrets; likewise.</param>
internal sealed partial record BuiltInRole(string Name, string Id, string[] Actions, string[] DataActions)
{
    private const string Blobs = "Microsoft.Storage/storageAccounts/blobServices/";
    private const string Queues = "Microsoft.Storage/storageAccounts/queueServices/queues/";
    private const string Tables = "Microsoft.Storage/storageAccounts/tableServices/tables/";

    public static IReadOnlyList<BuiltInRole> All { get; } =
    [
        new("Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
            [$"{Blobs}containers/*", $"{Blobs}generateUserDelegationKey/action"], [$"{Blobs}containers/blobs/*"]),
        new("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            [$"{Blobs}containers/delete", $"{Blobs}containers/read", $"{Blobs}containers/write",
                $"{Blobs}generateUserDelegationKey/action"],
            [$"{Blobs}containers/blobs/delete", $"{Blobs}containers/blobs/read", $"{Blobs}containers/blobs/write",
                $"{Blobs}containers/blobs/move/action", $"{Blobs}containers/blobs/add/action"]),
        new("Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
            [$"{Blobs}containers/read", $"{Blobs}generateUserDelegationKey/action"],
            [$"{Blobs}containers/blobs/read"]),
        new("Storage Blob Delegator", "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
            [$"{Blobs}generateUserDelegationKey/action"], []),
        new("Storage Queue Data Contributor", "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
            [$"{Queues}delete", $"{Queues}read", $"{Queues}write"],
            [$"{Queues}messages/delete", $"{Queues}messages/read", $"{Queues}messages/write",
                $"{Queues}messages/process/action"]),
        new("Storage Queue Data Message Processor", "8a0f0c08-91a1-4084-bc3d-661d67233fed",
            [], [$"{Queues}messages/read", $"{Queues}messages/process/action"]),
        new("Storage Queue Data Message Sender", "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
            [], [$"{Queues}messages/add/action"]),
        new("Storage Queue Data Reader", "19e7f393-937e-4f77-808e-94535e297925",
            [$"{Queues}read"], [$"{Queues}messages/read"]),
        new("Storage Table Data Contributor", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
            [$"{Tables}read", $"{Tables}write", $"{Tables}delete"],
            [$"{Tables}entities/read", $"{Tables}entities/write", $"{Tables}entities/delete",
                $"{Tables}entities/add/action", $"{Tables}entities/update/action"]),
        new("Storage Table Data Reader", "76199698-9eea-4c19-bc75-cec21354c6b6",
            [$"{Tables}read"], [$"{Tables}entities/read"]),
        new("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6",
            [], ["Microsoft.KeyVault/vaults/secrets/getSecret/action",
                "Microsoft.KeyVault/vaults/secrets/readMetadata/action"]),
        new("Monitoring Metrics Publisher", "3913510d-42f4-4e42-8a64-420c390055eb",
            ["Microsoft.Insights/Register/Action", "Microsoft.Support/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read"],
            ["Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"]),
    ];

    public static BuiltInRole Named(string name) => All.Single(role => role.Name == name);

    public bool Allows(string action) =>
        (IsDataAction().IsMatch(action) ? DataActions : Actions).Any(pattern => Covers(pattern, action));

    /// <summary>Whether the other role allows all that this one does, and more.</summary>
    public bool IsNarrowerThan(BuiltInRole other) => Within(this, other) && !Within(other, this);

    private static bool Within(BuiltInRole small, BuiltInRole large) =>
        small.Actions.All(action => large.Actions.Any(pattern => Covers(pattern, action)))
        && small.DataActions.All(action => large.DataActions.Any(pattern => Covers(pattern, action)));

    private static bool Covers(string pattern, string action) =>
        Regex.IsMatch(action, $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$");

    [GeneratedRegex("/(blobs|messages|entities|secrets)/|^Microsoft.Insights/(Metrics|Telemetry)/")]
    private static partial Regex IsDataAction();
}
