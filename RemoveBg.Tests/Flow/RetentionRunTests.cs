using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Single runs of the retention: what they report, and where they stop.</summary>
public sealed class RetentionRunTests : FaultyStorageTests
{
    private const int PageLength = 100;

    [Test]
    public async Task A_run_reports_how_much_it_has_erased_and_says_nothing_if_there_was_nothing_to_do()
    {
        using var counted = new Counted(Host);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            using var response = await Host.SubmitAsync(new { imageUrl = Photo, webhook = Caller.WebhookUrl },
                ("Idempotency-Key", $"order {i}"));
            ids.Add((await response.JsonAsync()).Text("id")!);
        }
        await EraseAsync();
        Assert.That(Log.Of(602), Is.Empty, "nothing is old");
        Clock.Advance(TimeSpan.FromHours(25));
        await EraseAsync();
        Clock.Advance(TimeSpan.FromDays(7));
        await EraseAsync();
        foreach (var id in ids) await DeliverAsync(id, 1);
        await EraseAsync();
        Assert.Multiple(() =>
        {
            Assert.That(Log.Of(602), Is.EqualTo(new[]
            {
                "Retention deleted 0 files, 0 records and 3 idempotency keys, and ended 0 artworks",
                "Retention deleted 0 files, 0 records and 0 idempotency keys, and ended 3 artworks",
                "Retention deleted 0 files, 3 records and 0 idempotency keys, and ended 0 artworks",
            }));
            Assert.That(Log.Of(603), Has.Count.EqualTo(3), "artworks that never ended");
            Assert.That(counted.Of("removebg.faults fault=NeverEnded"), Is.EqualTo(3));
            Assert.That(Log.Of(604), Is.Empty, "there was time enough");
        });
    }

    [Test]
    public async Task A_run_that_is_out_of_time_leaves_the_next_page_of_records_to_the_next_run()
    {
        var id = await SubmitAsync(Photo);
        var artwork = await FindAsync(id);
        // Without a webhook nothing delays the end of its record.
        await Table().TryUpdateAsync(artwork, artwork.Cancel(Clock.GetUtcNow()) with
        {
            Webhook = null, Delivery = WebhookState.None, DueAt = null,
        }, CancellationToken.None);
        await Host.Get<Admission>().LeaveAsync(artwork, CancellationToken.None);
        var copies = await CopiedArtworks.MakeAsync(Network.Account, await FindAsync(id), PageLength + 50, '0');
        var expected = (id.EndsWith('0') ? 1 : 0) + copies.Count - PageLength;

        Clock.Advance(TimeSpan.FromDays(8));
        Before(() => Clock.Advance(EraseExpired.LongestRun + TimeSpan.FromSeconds(1)), "POST /", "/$batch",
            $"artwork_{copies[PageLength / 2]:N}");
        await EraseAsync();
        Assert.That(await RecordsAsync(), Is.EqualTo(expected));
        Assert.That(Log.Of(604), Has.Count.EqualTo(1));
        await EraseAsync();
        Assert.That(await RecordsAsync(), Is.Zero);
        Assert.That(Log.Of(604), Has.Count.EqualTo(1), "the second run had time enough");
    }

    [Test]
    public async Task An_artwork_that_ends_while_a_run_ends_it_is_not_counted_and_stays_as_it_ended()
    {
        var id = await SubmitAsync(Photo);
        var artwork = await FindAsync(id);
        Clock.Advance(TimeSpan.FromDays(8));
        Before(() => Table().TryUpdateAsync(artwork, artwork.Cancel(Clock.GetUtcNow()), CancellationToken.None)
            .GetAwaiter().GetResult(), "POST /", "/$batch", $"artwork_{artwork.Id:N}");
        await EraseAsync();
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Canceled));
        Assert.That(Log.Of(602), Is.Empty);
    }

    [Test]
    public async Task A_run_erases_nothing_before_storage_has_responded()
    {
        var id = await SubmitAsync(Photo);
        Clock.Advance(TimeSpan.FromDays(8));
        Network.Strike(Fate.Full, int.MaxValue, "readyz");
        Assert.That(() => EraseAsync(), Throws.InstanceOf<RequestFailedException>());
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Starting));
    }

    [Test]
    public async Task The_result_of_an_artwork_that_ended_late_is_erased_with_its_record()
    {
        // Storage dates files by the real time, so that the submission must be earlier.
        Clock.AdjustTime(TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(7) - TimeSpan.FromMinutes(1));
        var id = await SubmitAsync(Photo);
        Clock.AdjustTime(TimeProvider.System.GetUtcNow());
        await ProcessAsync(id, 1);
        await DeliverAsync(id, 1);
        var results = new BlobContainerClient(Network.Account, StoredImages.ResultContainer);
        Assert.That(results.GetBlobs().Count(), Is.EqualTo(1));
        await EraseAsync();
        Assert.That(await RecordsAsync(), Is.Zero);
        Assert.That(results.GetBlobs(), Is.Empty, "nothing would lead to it any more");
    }

    private Task EraseAsync() => Host.Get<EraseExpired>().EraseAsync(CancellationToken.None);

    private async Task<int> RecordsAsync() => await new TableClient(Network.Account, "artworks")
        .QueryAsync<TableEntity>().CountAsync(row => row.RowKey.StartsWith("artwork_", StringComparison.Ordinal));
}
