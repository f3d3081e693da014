using System.Diagnostics;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Erasing what is past its retention, whatever its state and number.</summary>
public sealed class RetentionTests : BusyKeyTests
{
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
        Clock.Advance(TimeSpan.FromDays(7));
        await EraseAsync();
        Assert.That(await RowsAsync("artwork_"), Has.Count.EqualTo(1), "not before its time");
        Clock.Advance(TimeSpan.FromSeconds(1));
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

    private Task EraseAsync() => Host.Get<EraseExpired>().EraseAsync(CancellationToken.None);

    /// <summary>An artwork with everything: stored input, idempotency key, result, webhook delivered.</summary>
    private async Task<string> EndedAsync()
    {
        var photo = Convert.ToBase64String(await File.ReadAllBytesAsync(SmallPhotos.Of("scene-toycar.jpg")));
        using var response = await Host.SubmitAsync(
            new { imageUrl = $"data:image/jpeg;base64,{photo}", webhook = Caller.WebhookUrl },
            ("Idempotency-Key", Guid.NewGuid().ToString()));
        var id = (await response.JsonAsync()).Text("id")!;
        await ProcessAsync(id, 1);
        await DeliverAsync(id, 1);
        return id;
    }
}
