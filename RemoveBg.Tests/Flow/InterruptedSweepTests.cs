using System.Text.RegularExpressions;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Runs of the sweeper that have no time for all keys.</summary>
public sealed partial class InterruptedSweepTests : FaultyStorageTests
{
    private const int MostSweeps = 10;

    /// <summary>More than a sweep reaches: those that take all its time, and those looked after meanwhile.</summary>
    private readonly List<string> _keys = [.. Enumerable.Range(0, 40).Select(n => $"swept{n:00}")];

    [Test]
    public async Task Sweeps_that_run_out_of_time_reach_every_key_in_turn()
    {
        foreach (var key in _keys)
            await new TableClient(Network.Account, "artworks").AddEntityAsync(
                new TableEntity(ArtworkTable.Partitions[0], $"waits_{key}") { ["ConcurrentJobs"] = 1 });
        var reached = await SweptAsync();
        Assert.That(reached, Is.Not.Empty.And.Count.LessThan(_keys.Count), "the first sweep is interrupted");
        for (var sweeps = 1; sweeps < MostSweeps && reached.Count < _keys.Count; sweeps++)
            reached.UnionWith(await SweptAsync());
        Assert.That(reached, Is.EquivalentTo(_keys));
    }

    [Test]
    public async Task A_sweep_that_runs_out_of_time_leaves_overdue_artworks_to_the_next()
    {
        var original = await FindAsync(await SubmitAsync(Photo));
        var ids = await CopiedArtworks.MakeAsync(Network.Account, original, 3, partition: '0');
        await EarlierVersion.StoreAsync(Network.Account, await FindAsync($"{ids[2]}"), original.DueAt!.Value);
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        Before(() => Clock.Advance(SweepArtworks.LongestRun + TimeSpan.FromSeconds(1)), "POST /", "/$batch",
            $"artwork_{ids[0]:N}");
        await SweepAsync();
        Assert.That(await OverdueAsync(), Is.EqualTo(new[] { false, true, true }), "the time was over at the first");
        await SweepAsync();
        Assert.That(await OverdueAsync(), Is.All.False);

        async Task<IReadOnlyList<bool>> OverdueAsync() =>
            [.. (await Task.WhenAll(ids.Select(id => FindAsync($"{id}")))).Select(it => it.DueAt == original.DueAt)];
    }

    /// <summary>Sweeps, and lets the time run out at the twelfth key.</summary>
    /// <returns>The keys that were reached.</returns>
    private async Task<HashSet<string>> SweptAsync()
    {
        // A key with a fresh permit stays in the list of those whose artworks wait.
        foreach (var key in _keys)
            await new TableClient(Network.Account, "artworksbykey").UpsertEntityAsync(
                new TableEntity(key, "turn_000000000") { ["Id"] = Guid.NewGuid(), ["Since"] = Clock.GetUtcNow() });
        var seen = new HashSet<string>();
        Network.Decide = request =>
        {
            if (Key().Match(request) is not { Success: true } key) return Fate.Passed;
            // Those that have begun wait here meanwhile.
            lock (seen)
                if (seen.Add(key.Value) && seen.Count == 12)
                    Clock.Advance(SweepArtworks.LongestRun + TimeSpan.FromSeconds(1));
            return Fate.Passed;
        };
        await SweepAsync();
        return seen;
    }

    [GeneratedRegex("swept[0-9]{2}")]
    private static partial Regex Key();
}
