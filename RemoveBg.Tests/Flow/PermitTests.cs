using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>A key's permits, row by row: the artworks that they are passed on to, also when another instance writes
/// meanwhile.</summary>
public sealed class PermitTests : FaultyStorageTests
{
    private const string Key = "shop";
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1), Tick = TimeSpan.FromTicks(1);

    private TableClient Rows => new(Network.Account, ArtworkTable.ByKey);

    private Admission Admission => Host.Get<Admission>();

    [Test]
    public async Task A_key_without_a_free_permit_is_taken_for_full_for_two_seconds()
    {
        using var client = await AddKeyAsync(permits: 1);
        var first = await SubmitAsync(client, 1);
        Assert.That(await IsLookedAfterAsync(), Is.False, "it had not to wait");
        await CancelAsync(client, [.. first, .. await SubmitAsync(client, 1)]);
        await SweepAsync();
        Assert.That(await IsLookedAfterAsync(), Is.False, "nothing waits any more");

        Clock.Advance(TimeSpan.FromSeconds(2) - Millisecond - Millisecond);
        var soon = await SubmitAsync(client, 1);
        Assert.That(await IsLookedAfterAsync(), Is.True, "it waits without having tried");
        Assert.That(await HoldersAsync(), Is.EqualTo(soon), "and gets the permit then");
        await CancelAsync(client, soon);
        await SweepAsync();
        await SubmitAsync(client, 1);
        Assert.That(await IsLookedAfterAsync(), Is.False, "two seconds later the first try succeeds");
    }

    [Test]
    public async Task All_free_permits_are_given_out_at_once()
    {
        using var client = await AddKeyAsync(permits: 2);
        var ids = await SubmitAsync(client, 4);
        await DeletePermitsAsync();
        await Admission.PassOnFreeAsync(await FindAsync(ids[0]), CancellationToken.None);
        Assert.That(await HoldersAsync(), Is.EquivalentTo(ids[2..]));
    }

    [TestCase(1, 2, Description = "the key is read, and the permit released")]
    [TestCase(2, 3, Description = "the key is read, the permit passed on, and a message sent")]
    public async Task Passing_a_permit_on_takes_no_more_requests_than_it_needs(int artworks, int requests)
    {
        using var client = await AddKeyAsync(permits: 1);
        var ended = await StartedAsync((await SubmitAsync(client, artworks))[0]);
        using var sent = new StorageRequests(Network.ConnectionString);
        await Admission.LeaveAsync(ended, CancellationToken.None);
        Assert.That(sent.Count, Is.EqualTo(requests));
    }

    [Test]
    public async Task A_permit_beyond_a_lowered_number_is_not_passed_on_and_is_released_when_no_artwork_waits()
    {
        using var client = await AddKeyAsync(permits: 3);
        var ids = await SubmitAsync(client, 4);
        var last = (await PermitsAsync()).Single(row => row.RowKey.EndsWith('2'));
        var ended = await StartedAsync(last.GetGuid("Id")!.Value.ToString()) with { ConcurrentJobs = 2 };
        await Admission.LeaveAsync(ended, CancellationToken.None);
        Assert.That(await HoldersAsync(), Is.EquivalentTo(ids[..3]), "the fourth waits for another one");
        await CancelAsync(client, ids[3]);
        await Admission.LeaveAsync(ended, CancellationToken.None);
        Assert.That(await HoldersAsync(), Has.Count.EqualTo(2).And.Not.Contains(ended.Id.ToString()));
    }

    [Test]
    public async Task An_artwork_whose_free_permit_another_takes_meanwhile_gets_the_next_one()
    {
        using var client = await AddKeyAsync(permits: 2);
        var ids = await SubmitAsync(client, 3);
        await DeletePermitsAsync();
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        var other = Guid.NewGuid();
        Before(() => Rows.AddEntity(new TableEntity(Key, "turn_000000000")
        {
            ["Id"] = other, ["Since"] = Clock.GetUtcNow(),
        }), "POST /", "/$batch", "turn_000000000");
        await Admission.PassOnFreeAsync(await FindAsync(ids[0]), CancellationToken.None);
        Assert.That(await HoldersAsync(), Is.EqualTo(new[] { other.ToString(), ids[2] }));
        Assert.That(await QueuedAsync(), Is.EqualTo(new[] { (ids[2], 1) }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_permit_that_another_artwork_has_taken_meanwhile_stays_its_own(bool oneWaits)
    {
        using var client = await AddKeyAsync(permits: 1);
        var ended = await StartedAsync((await SubmitAsync(client, oneWaits ? 2 : 1))[0]);
        var permit = (await PermitsAsync()).Single();
        var other = Guid.NewGuid();
        Before(() => Rows.UpdateEntity(new TableEntity(permit) { ["Id"] = other }, ETag.All, TableUpdateMode.Replace),
            oneWaits ? "POST /" : "DELETE /", permit.RowKey);
        await Admission.LeaveAsync(ended, CancellationToken.None);
        Assert.That(await HoldersAsync(), Is.EqualTo(new[] { other.ToString() }));
    }

    [Test]
    public async Task Deleted_artworks_that_wait_lose_their_rows_and_the_others_keep_theirs()
    {
        using var client = await AddKeyAsync(permits: 1);
        var ids = await SubmitAsync(client, 6);
        await Admission.ForgetAsync([await FindAsync(ids[4]), await FindAsync(ids[2])], CancellationToken.None);
        var rows = await Rows.QueryAsync<TableEntity>().ToListAsync();
        Assert.That(rows.Select(row => row.RowKey).Where(name => name.StartsWith("wait_", StringComparison.Ordinal)),
            Is.EqualTo(new[] { ids[1], ids[3], ids[5] }.Select(id => $"wait_{Guid.Parse(id):N}")));
        Assert.That(await HoldersAsync(), Is.EqualTo(ids[..1]));
        Assert.That(rows.Select(row => row.RowKey), Has.Exactly(4).LessThan("g"), "the list of the others");
    }

    [Test]
    public async Task Deleting_a_started_artwork_does_not_look_for_its_wait()
    {
        using var client = await AddKeyAsync(permits: 1);
        var started = await StartedAsync((await SubmitAsync(client, 1))[0]);
        using var sent = new StorageRequests(Network.ConnectionString);
        await Admission.ForgetAsync([started], CancellationToken.None);
        Assert.That(sent.Count, Is.EqualTo(2), "its permit is found, and the rows are deleted");
    }

    [Test]
    public async Task An_artwork_that_waited_is_started_once_more_when_its_permit_is_stale_and_not_before()
    {
        using var client = await AddKeyAsync(permits: 1);
        var ids = await SubmitAsync(client, 2);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await CancelAsync(client, ids[0]);
        await SweepAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience - Tick);
        await SweepAsync();
        Assert.That(await QueuedAsync(), Is.EqualTo(new[] { (ids[1], 1) }));
        Clock.Advance(Tick);
        await SweepAsync();
        Assert.That(await QueuedAsync(), Is.EqualTo(new[] { (ids[1], 1), (ids[1], 1) }));
    }

    [Test]
    public async Task A_permit_whose_worker_died_is_logged_and_counted()
    {
        using var client = await AddKeyAsync(permits: 1);
        var artwork = await FindAsync((await SubmitAsync(client, 1))[0]);
        await Table().TryUpdateAsync(artwork, artwork.Cancel(Clock.GetUtcNow()), CancellationToken.None);
        Clock.Advance(ArtworkTransitions.QueuePatience);
        using var counted = new Counted(Host);
        await Admission.PassOnFreeAsync(artwork, CancellationToken.None);
        Assert.That(await HoldersAsync(), Is.Empty);
        Assert.That(counted.Of("removebg.faults fault=StaleTurn"), Is.EqualTo(1));
        Assert.That(Log.Of(702), Has.Count.EqualTo(1).And.All.Contains(artwork.Id.ToString()));
    }

    private async Task<HttpClient> AddKeyAsync(int permits) =>
        Host.ClientWith(await Host.AddKeyAsync(Key, concurrentJobs: permits));

    private async Task<string[]> SubmitAsync(HttpClient client, int count)
    {
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            // Ids sort by the millisecond.
            Clock.Advance(Millisecond);
            ids[i] = await SubmitAsync(Photo, client);
        }
        return ids;
    }

    private static async Task CancelAsync(HttpClient client, params string[] ids)
    {
        foreach (var id in ids)
            using (await client.PostAsync($"/v2/artworks/{id}/cancel", null)) { }
    }

    /// <summary>The artwork as if a worker had started it.</summary>
    private async Task<Artwork> StartedAsync(string id) => await FindAsync(id) with { Attempt = 1 };

    private async Task<IReadOnlyList<TableEntity>> PermitsAsync() =>
        await Rows.QueryAsync<TableEntity>(row => row.PartitionKey == Key && row.RowKey.CompareTo("turn_") >= 0
            && row.RowKey.CompareTo("turn`") < 0).ToListAsync();

    private async Task DeletePermitsAsync()
    {
        foreach (var permit in await PermitsAsync()) await Rows.DeleteEntityAsync(permit);
    }

    private async Task<IReadOnlyList<string>> HoldersAsync() =>
        [.. (await PermitsAsync()).Select(row => row.GetGuid("Id")!.Value.ToString())];

    /// <summary>Whether the sweeper looks after the key, because an artwork has had to wait.</summary>
    private async Task<bool> IsLookedAfterAsync() => await new TableClient(Network.Account, "artworks")
        .QueryAsync<TableEntity>().AnyAsync(row => row.RowKey == $"waits_{Key}");

    /// <summary>The artworks and attempts of the messages.</summary>
    private async Task<IReadOnlyList<(string Id, int Attempt)>> QueuedAsync() =>
        [.. (await Queue(ArtworkQueues.Artworks).PeekMessagesAsync(32)).Value
            .Select(message => ArtworkMessage.TryParse(message.MessageText)!)
            .Select(message => (message.Id.ToString(), message.Attempt))];
}
