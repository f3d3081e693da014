using Microsoft.Extensions.Configuration;
using RemoveBg.Core.Access;
using RemoveBg.Core.Store;

namespace RemoveBg.Tests.Given;

/// <summary>API keys for hosts that are processes of their own.</summary>
internal static class StoredKeys
{
    /// <param name="storage">Connection string of a storage on which a host has started.</param>
    /// <param name="count">Number of keys.</param>
    /// <param name="concurrentJobs">Permits of each.</param>
    public static async Task<List<string>> AddAsync(string storage, int count,
        int concurrentJobs = ApiKey.DefaultConcurrentJobs)
    {
        var table = new ApiKeyTable(new StorageClients(new ConfigurationBuilder().AddInMemoryCollection(
            [new(StorageClients.ConnectionName, storage)]).Build()), TimeProvider.System);
        var keys = new List<string>();
        for (var i = 0; i < count; i++)
        {
            keys.Add(ApiKey.Generate());
            await table.PutAsync(new($"key{i}", $"key{i}", ApiKey.HashOf(keys[^1]), IsEnabled: true, null, Scopes.All,
                6000, 1000, concurrentJobs), CancellationToken.None);
        }
        return keys;
    }
}
