using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Runs of the sweeper that have no time for all keys.</summary>
public sealed partial class InterruptedSweepTests : FaultyStorageTests
{
    [Test]
    public async Task Sweeps_that_run_out_of_time_reach_every_key_in_turn()
    {
        // Many more than are looked after at once. Each has a fresh permit, so it stays in the list.
        var keys = Enumerable.Range(0, 48).Select(n => $"swept{n:00}").ToList();
        foreach (var key in keys)
        {
            await new TableClient(Network.Account, "artworks").AddEntityAsync(
                new TableEntity(ArtworkTable.Partitions[0], $"waits_{key}") { ["ConcurrentJobs"] = 1 });
            await new TableClient(Network.Account, "artworksbykey").AddEntityAsync(
                new TableEntity(key, "turn_000000000") { ["Id"] = Guid.NewGuid(), ["Since"] = Clock.GetUtcNow() });
        }
        var reached = await SweptAsync();
        Assert.That(reached, Is.Not.Empty.And.Count.LessThan(keys.Count), "the first sweep is interrupted");
        for (var sweeps = 1; sweeps < keys.Count && reached.Count < keys.Count; sweeps++)
            reached.UnionWith(await SweptAsync());
        Assert.That(reached, Is.EquivalentTo(keys));
    }

    /// <returns>The keys that a sweep has looked at whose time is over with the first of them.</returns>
    private async Task<HashSet<string>> SweptAsync()
    {
        var seen = new ConcurrentDictionary<string, bool>();
        Network.Decide = request =>
        {
            if (Key().Match(request) is { Success: true } key && seen.TryAdd(key.Value, true) && seen.Count == 1)
                Clock.Advance(SweepArtworks.LongestRun + TimeSpan.FromSeconds(1));
            return Fate.Passed;
        };
        await SweepAsync();
        return [.. seen.Keys];
    }

    [GeneratedRegex("swept[0-9]{2}")]
    private static partial Regex Key();
}
