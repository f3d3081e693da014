using System.Diagnostics;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The sweeper and retention with many artworks. One key has two permits, so that all but two of its artworks
/// wait.</summary>
public sealed class ScaleTests : HandRunTests
{
    /// <summary>More than an interval of the sweeper's longest patience.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(11);

    private HttpClient _busy = null!;

    [SetUp]
    public async Task AddKey() => _busy = Host.ClientWith(await Host.AddKeyAsync("busy", concurrentJobs: 2));

    [TearDown]
    public void Hang() => _busy.Dispose();

    [Test]
    public async Task The_sweepers_requests_do_not_grow_with_the_number_of_waiting_artworks()
    {
        using var requests = new StorageRequests(Host.ConnectionString);
        await SubmitBusyAsync(2 + 3);
        // By chance, an artwork gets its permit at once or after waiting. After one sweep that makes no difference.
        await RequestsOfASweepAsync();
        var few = await RequestsOfASweepAsync();
        await SubmitBusyAsync(20);
        var many = await RequestsOfASweepAsync();
        Assert.That(few, Is.GreaterThan(16), "requests are counted");
        Assert.That(many, Is.EqualTo(few));

        async Task<int> RequestsOfASweepAsync()
        {
            Clock.Advance(Long);
            var before = requests.Count;
            await SweepAsync();
            return requests.Count - before;
        }
    }

    [Test]
    public async Task Lost_messages_are_found_behind_thousands_of_waiting_artworks_in_the_first_partition()
    {
        var last = (await SubmitBusyAsync(3))[^1];
        await CopiedArtworks.MakeAsync(Host.ConnectionString, await FindAsync(last), 2100, partition: '0');
        await FindsLostMessagesOfAnotherKeyAsync();
    }

    [Test, Category("Chaos")]
    public async Task Lost_messages_are_found_within_three_minutes_while_100_000_artworks_wait()
    {
        var last = (await SubmitBusyAsync(3))[^1];
        await CopiedArtworks.MakeAsync(Host.ConnectionString, await FindAsync(last), 100_000);
        using var requests = new StorageRequests(Host.ConnectionString);
        await FindsLostMessagesOfAnotherKeyAsync();
        Assert.That(requests.Count, Is.LessThan(1000), "submissions and three sweeps together");
    }

    [Test]
    public async Task A_waiting_artwork_whose_message_got_lost_with_its_permit_is_sent_again_within_three_minutes()
    {
        var ids = await SubmitBusyAsync(3);
        await Minutes(17);
        using (await _busy.PostAsync($"/v2/artworks/{ids[0]}/cancel", null))
            Assert.That(await QueuedAsync(), Does.Contain(ids[2]));
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await Minutes(3);
        Assert.That(await QueuedAsync(), Does.Contain(ids[2]));
    }

    [Test]
    public async Task A_key_is_checked_no_longer_when_its_last_artwork_has_ended()
    {
        var ids = await SubmitBusyAsync(4);
        await SweepAsync();
        Assert.That(await RowsAsync("waits_"), Is.Not.Empty);
        foreach (var id in ids)
            using (await _busy.PostAsync($"/v2/artworks/{id}/cancel", null)) { }
        await SweepAsync();
        Assert.That(await RowsAsync("waits_"), Is.Empty);
    }

    [Test]
    public async Task Several_sweepers_at_once_send_each_lost_message_once()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SubmitAsync(Photo)));
        var busy = await SubmitBusyAsync(4);
        // Two of the waiting ones have got permits, and their messages are lost.
        foreach (var id in busy[..2])
            using (await _busy.PostAsync($"/v2/artworks/{id}/cancel", null)) { }
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ActivatorUtilities
            .CreateInstance<SweepArtworks>(Host.Services).SweepAsync(CancellationToken.None)));
        Assert.That(await QueuedAsync(), Is.EquivalentTo(ids.Concat(busy[2..])));
    }

    [Test]
    public async Task Open_artworks_that_an_earlier_version_stored_are_found_as_before()
    {
        var ended = await SubmitAsync(Photo);
        await ProcessAsync(ended, 1);
        var ids = await SubmitBusyAsync(3);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        await Queue(ArtworkQueues.Webhooks).ClearMessagesAsync();
        foreach (var id in ids.Append(ended)) await StoreAsBeforeAsync(await FindAsync(id));
        foreach (var row in await RowsAsync("waits_")) await Rows("artworks").DeleteEntityAsync(row);

        await SweepAsync();
        Assert.That(await QueuedAsync(), Is.Empty, "none is due yet");
        Assert.That(await RowsAsync("due_"), Is.Empty, "none is read this way again");
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.That(await QueuedAsync(), Is.EquivalentTo(ids[..2]));
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
        Assert.That((await FindAsync(ids[2])).DueAt, Is.Null, "it waits");
        Assert.That(await RowsAsync("waits_"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Overdue_artworks_that_an_earlier_version_stored_are_sent_again_at_once()
    {
        var ids = await SubmitBusyAsync(3);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        foreach (var id in ids) await StoreAsBeforeAsync(await FindAsync(id));
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.That(await QueuedAsync(), Is.EquivalentTo(ids[..2]));
        Assert.That(await RowsAsync("due_"), Is.Empty);
    }

    [Test]
    public async Task A_due_row_that_belongs_to_no_record_is_deleted()
    {
        var id = await SubmitAsync(Photo);
        var record = (await RowsAsync("artwork_")).Single();
        await Rows("artworks").DeleteEntityAsync(record);
        Clock.Advance(Long);
        await SweepAsync();
        Assert.That(await RowsAsync(""), Is.Empty);
        Assert.That(await QueuedAsync(), Is.EqualTo(new[] { id }), "only the first message");
    }

    [Test]
    public async Task All_records_past_their_retention_are_erased_in_one_run_with_all_that_belongs_to_them()
    {
        var id = await EndedAsync();
        await CopiedArtworks.MakeAsync(Host.ConnectionString, await FindAsync(id), 1100);
        await ErasesAllAsync();
    }

    [Test, Category("Chaos")]
    public async Task A_hundred_thousand_records_past_their_retention_are_erased_in_one_run()
    {
        var id = await EndedAsync();
        await CopiedArtworks.MakeAsync(Host.ConnectionString, await FindAsync(id), 100_000);
        await ErasesAllAsync();
    }

    [Test]
    public async Task Records_that_are_not_past_their_retention_stay()
    {
        await EndedAsync();
        Clock.Advance(TimeSpan.FromDays(4));
        var kept = await EndedAsync();
        Clock.Advance(TimeSpan.FromDays(4));
        await EraseAsync();
        using var list = await Host.Client.GetAsync("/v2/artworks");
        Assert.That((await list.JsonAsync()).GetProperty("items").EnumerateArray().Select(item => item.Text("id")),
            Is.EqualTo(new[] { kept }));
        Assert.That(await RowsAsync("delivery_"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Open_records_past_their_retention_fail_and_are_announced_before_they_are_erased()
    {
        var ids = await SubmitBusyAsync(3);
        Clock.Advance(TimeSpan.FromDays(8));
        await EraseAsync();
        foreach (var id in ids)
        {
            var failed = await FindAsync(id);
            Assert.That((failed.Status, failed.Failure?.Code),
                Is.EqualTo((ArtworkStatus.Failed, ArtworkFailure.InternalError)));
        }
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(3));
        Assert.That(await Rows("artworksbykey").QueryAsync<TableEntity>(row => row.RowKey.CompareTo("g") > 0)
            .ToListAsync(), Is.Empty, "neither permits nor waiting artworks");

        await EraseAsync();
        Assert.That(await RowsAsync("artwork_"), Has.Count.EqualTo(3), "their webhooks are not through");
        foreach (var id in ids) await DeliverAsync(id, 1);
        Assert.That(Caller.Deliveries.Select(delivery => delivery.Id),
            Is.EquivalentTo(ids.Select(id => $"evt_{Guid.Parse(id):N}_failed")));
        await SweepAsync();
        await EraseAsync();
        Assert.That(await RowsAsync(""), Is.Empty);
        Assert.That(await Rows("artworksbykey").QueryAsync<TableEntity>().ToListAsync(), Is.Empty);
    }

    [Test]
    public async Task A_record_whose_webhook_is_never_through_is_erased_one_retention_after_its_end()
    {
        var id = await SubmitAsync(Photo);
        Clock.Advance(TimeSpan.FromDays(8));
        await EraseAsync();
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(WebhookStatus.Pending));
        Clock.Advance(TimeSpan.FromDays(7) + TimeSpan.FromSeconds(1));
        await EraseAsync();
        Assert.That(await RowsAsync(""), Is.Empty);
    }

    [Test]
    public async Task Permits_and_waits_that_a_dead_worker_left_behind_are_erased_with_the_record()
    {
        var ids = await SubmitBusyAsync(3);
        foreach (var id in ids)
        {
            // It ended, and its worker crashed before it passed the permit on and sent the webhook.
            var artwork = await FindAsync(id);
            await Table().TryUpdateAsync(artwork, artwork.Cancel(Clock.GetUtcNow()), CancellationToken.None);
        }
        Clock.Advance(TimeSpan.FromDays(8));
        await EraseAsync();
        Assert.That(await Rows("artworksbykey").QueryAsync<TableEntity>().ToListAsync(), Is.Empty);
    }

    [Test]
    public async Task A_record_whose_list_entry_is_missing_is_erased_with_the_others()
    {
        await EndedAsync();
        await EndedAsync();
        var list = await Rows("artworksbykey").QueryAsync<TableEntity>().ToListAsync();
        await Rows("artworksbykey").DeleteEntityAsync(list[0]);
        await ErasesAllAsync();
    }

    [Test]
    public async Task Retention_that_runs_out_of_time_goes_on_in_the_next_run()
    {
        await SubmitBusyAsync(40);
        Clock.Advance(TimeSpan.FromDays(8));
        // Each response of storage reads the clock several times.
        Clock.AutoAdvanceAmount = TimeSpan.FromSeconds(1.5);
        await EraseAsync();
        Clock.AutoAdvanceAmount = TimeSpan.Zero;
        var first = await WaitingAsync(ArtworkQueues.Webhooks);
        await EraseAsync();
        Assert.That(first, Is.GreaterThan(0).And.LessThan(32), "messages, of which 32 are visible at once");
        Assert.That((await RowsAsync("artwork_")).Select(row => row.GetString("Status")).ToList(),
            Has.Count.EqualTo(40).And.All.EqualTo("failed"));
    }

    [Test]
    public async Task A_blob_of_an_artwork_that_waited_long_does_not_keep_older_blobs()
    {
        var results = new BlobContainerClient(Host.ConnectionString, StoredImages.ResultContainer);
        var first = await SubmitAsync(Photo);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await ProcessAsync(await SubmitAsync(Photo), 1);
        // Storage dates blobs by the real time: between the two there must be some.
        var cutoff = results.GetBlobs().Single().Properties.LastModified!.Value.AddSeconds(1);
        await Eventually.HoldsAsync(() => Task.FromResult(TimeProvider.System.GetUtcNow() > cutoff), "a second passes");
        await ProcessAsync(first, 1);
        Assert.That(results.GetBlobs().Count(), Is.EqualTo(2));
        var deleted =
            await Host.Get<StoredImages>().DeleteOlderThanAsync(cutoff, () => false, CancellationToken.None);
        Assert.That(deleted, Is.EqualTo(1));
        Assert.That(results.GetBlobs().Single().Name, Does.StartWith(Guid.Parse(first).ToString("N")));
    }

    /// <summary>Loses the messages of another key's artworks, and sweeps for three minutes.</summary>
    private async Task FindsLostMessagesOfAnotherKeyAsync()
    {
        var lost = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SubmitAsync(Photo)));
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        var watch = Stopwatch.StartNew();
        await Minutes(3);
        await TestContext.Out.WriteLineAsync($"Three sweeps took {watch.Elapsed.TotalSeconds:0.0} s.");
        Assert.That(await QueuedAsync(), Is.SupersetOf(lost));
    }

    private async Task ErasesAllAsync()
    {
        Clock.Advance(TimeSpan.FromDays(8));
        var watch = Stopwatch.StartNew();
        await EraseAsync();
        await TestContext.Out.WriteLineAsync($"Retention took {watch.Elapsed.TotalSeconds:0.0} s.");
        foreach (var name in new[] { "artworks", "artworksbykey", "idempotency" })
            Assert.That(await Rows(name).QueryAsync<TableEntity>(maxPerPage: 10).FirstOrDefaultAsync(), Is.Null, name);
        foreach (var name in new[] { StoredImages.ResultContainer, StoredImages.InputContainer })
            Assert.That(new BlobContainerClient(Host.ConnectionString, name).GetBlobs(), Is.Empty, name);
    }

    private async Task Minutes(int count)
    {
        for (; count > 0; count--)
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            await SweepAsync();
        }
    }

    private Task EraseAsync() => Host.Get<EraseExpired>().EraseAsync(CancellationToken.None);

    /// <summary>An artwork with everything: stored input, idempotency key, result, webhook delivered.</summary>
    private async Task<string> EndedAsync()
    {
        var photo = Convert.ToBase64String(await File.ReadAllBytesAsync(Repo.Sample("scene-toycar.jpg")));
        using var response = await Host.SubmitAsync(
            new { imageUrl = $"data:image/jpeg;base64,{photo}", webhook = Caller.WebhookUrl },
            ("Idempotency-Key", Guid.NewGuid().ToString()));
        var id = (await response.JsonAsync()).Text("id")!;
        await ProcessAsync(id, 1);
        await DeliverAsync(id, 1);
        return id;
    }

    private async Task<string[]> SubmitBusyAsync(int count)
    {
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            // Ids sort by the millisecond.
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            ids[i] = await SubmitAsync(Photo, _busy);
        }
        return ids;
    }

    /// <summary>Stores an open artwork as the versions did that named its due row by its id only.</summary>
    private async Task StoreAsBeforeAsync(Artwork artwork)
    {
        var (partition, id) = (artwork.Id.ToString("N")[^1..], artwork.Id.ToString("N"));
        TableEntity record = await Rows("artworks").GetEntityAsync<TableEntity>(partition, "artwork_" + id);
        if (artwork.DueRow is { } row) await Rows("artworks").DeleteEntityAsync(partition, row);
        record.Remove("DueRow");
        record["DueAt"] = Clock.GetUtcNow() + ArtworkTransitions.QueuePatience;
        await Rows("artworks").UpsertEntityAsync(record, TableUpdateMode.Replace);
        await Rows("artworks").AddEntityAsync(new TableEntity(partition, "due_" + id) { ["DueAt"] = record["DueAt"] });
    }

    private TableClient Rows(string table) => new(Host.ConnectionString, table);

    /// <summary>Rows of all partitions that begin with this.</summary>
    private async Task<IReadOnlyList<TableEntity>> RowsAsync(string prefix) =>
        await Rows("artworks").QueryAsync<TableEntity>()
            .Where(row => row.RowKey.StartsWith(prefix, StringComparison.Ordinal)).ToListAsync();

    private async Task<IReadOnlyList<string>> QueuedAsync() =>
        [.. (await Queue(ArtworkQueues.Artworks).PeekMessagesAsync(32)).Value
            .Select(message => ArtworkMessage.TryParse(message.MessageText)!.Id.ToString())];
}
