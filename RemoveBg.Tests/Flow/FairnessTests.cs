using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Each key has a fixed number of permits; artworks without one wait until one is passed on.</summary>
public sealed class FairnessTests : HandRunTests
{
    private HttpClient _busy = null!;

    [SetUp]
    public async Task AddKey() => _busy = Host.ClientWith(await Host.AddKeyAsync("busy", concurrentJobs: 2));

    [TearDown]
    public void Hang() => _busy.Dispose();

    [Test]
    public async Task Only_as_many_jobs_of_a_key_are_queued_as_it_has_permits()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => SubmitAsync(Photo, _busy)));
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(2));
        Assert.That(await ListedAsync(), Is.EquivalentTo(ids), "all are in the key's list, and nothing else");
        Assert.That(ids.Select(id => FindAsync(id).Result.Status), Is.All.EqualTo(ArtworkStatus.Starting));
    }

    [Test]
    public async Task Each_ended_artwork_passes_its_permit_to_the_one_that_has_waited_longest()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++) ids.Add(await SubmitBusyAsync());
        var order = new List<string>();
        while (await TakeMessageAsync() is { } message)
        {
            Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.LessThanOrEqualTo(1),
                "one is being worked on, so one may wait");
            await ProcessAsync(message, 1);
            order.Add(message);
        }
        Assert.That(order, Is.EqualTo(ids));
        Assert.That(ids.Select(id => FindAsync(id).Result.Status), Is.All.EqualTo(ArtworkStatus.Succeeded));
        Assert.That(await PermitsAsync(), Is.Empty);
    }

    [Test]
    public async Task A_burst_of_one_key_does_not_block_another_keys_job()
    {
        for (var i = 0; i < 6; i++) await SubmitBusyAsync();
        var other = await SubmitAsync(Photo);
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(3));
        var queued = (await Queue(ArtworkQueues.Artworks).PeekMessagesAsync(32)).Value
            .Select(message => ArtworkMessage.TryParse(message.MessageText)!.Id.ToString());
        Assert.That(queued, Does.Contain(other));
    }

    [Test]
    public async Task Canceling_or_deleting_an_artwork_passes_its_permit_on_if_it_has_one()
    {
        var (first, second, third, fourth, fifth) = (await SubmitBusyAsync(), await SubmitBusyAsync(),
            await SubmitBusyAsync(), await SubmitBusyAsync(), await SubmitBusyAsync());
        using (await _busy.PostAsync($"/v2/artworks/{third}/cancel", null))
            Assert.That(await PermitsAsync(), Is.EquivalentTo(new[] { first, second }));
        using (await _busy.PostAsync($"/v2/artworks/{first}/cancel", null))
            Assert.That(await PermitsAsync(), Is.EquivalentTo(new[] { second, fourth }));
        using (await _busy.DeleteAsync($"/v2/artworks/{second}"))
            Assert.That(await PermitsAsync(), Is.EquivalentTo(new[] { fourth, fifth }));
    }

    [Test]
    public async Task The_sweeper_finds_a_permit_that_a_dead_worker_did_not_pass_on()
    {
        var (first, second, third) = (await SubmitBusyAsync(), await SubmitBusyAsync(), await SubmitBusyAsync());
        foreach (var id in new[] { first, second })
        {
            // It ended, and its worker crashed before it passed the permit on.
            var artwork = await FindAsync(id);
            await Table().TryUpdateAsync(artwork, artwork.Cancel(Clock.GetUtcNow()), CancellationToken.None);
        }
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.That(await TakeMessageAsync(), Is.EqualTo(third));
        Assert.That(await PermitsAsync(), Is.EqualTo(new[] { third }));
    }

    [Test]
    public async Task A_waiting_artwork_gets_a_dead_artworks_permit_within_three_minutes()
    {
        var (first, second, third) = (await SubmitBusyAsync(), await SubmitBusyAsync(), await SubmitBusyAsync());
        await Minutes(17);
        Assert.That(await PermitsAsync(), Is.EquivalentTo(new[] { first, second }), "they have not ended");
        foreach (var id in new[] { first, second })
        {
            var artwork = await FindAsync(id);
            await Table().TryUpdateAsync(artwork, artwork.Cancel(Clock.GetUtcNow()), CancellationToken.None);
        }
        await Minutes(3);
        Assert.That(await PermitsAsync(), Is.EqualTo(new[] { third }));

        async Task Minutes(int count)
        {
            for (; count > 0; count--)
            {
                Clock.Advance(TimeSpan.FromMinutes(1));
                await SweepAsync();
            }
        }
    }

    [Test]
    public async Task An_artwork_whose_submission_died_right_after_the_record_is_listed_and_queued_by_the_sweeper()
    {
        var id = await SubmitBusyAsync();
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        foreach (var row in Rows().Query<TableEntity>()) await Rows().DeleteEntityAsync(row);
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.That(await TakeMessageAsync(), Is.EqualTo(id));
        Assert.That(await ListedAsync(), Is.EqualTo(new[] { id }));
    }

    [Test]
    public async Task A_lost_message_is_sent_again_without_taking_a_second_permit()
    {
        var id = await SubmitBusyAsync();
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.That(await TakeMessageAsync(), Is.EqualTo(id));
        Assert.That(await PermitsAsync(), Is.EqualTo(new[] { id }));
    }

    private Task<string> SubmitBusyAsync()
    {
        // Ids sort by the millisecond.
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        return SubmitAsync(Photo, _busy);
    }

    private async Task<string?> TakeMessageAsync()
    {
        if ((await Queue(ArtworkQueues.Artworks).ReceiveMessageAsync()).Value is not { } message) return null;
        await Queue(ArtworkQueues.Artworks).DeleteMessageAsync(message.MessageId, message.PopReceipt);
        return ArtworkMessage.TryParse(message.MessageText)!.Id.ToString();
    }

    private TableClient Rows() => new(Host.ConnectionString, "artworksbykey");

    private async Task<IReadOnlyList<string>> PermitsAsync()
    {
        var permits = new List<string>();
        await foreach (var row in Rows().QueryAsync<TableEntity>(row =>
            row.PartitionKey == "busy" && row.RowKey.CompareTo("turn_") >= 0 && row.RowKey.CompareTo("turn`") < 0))
            permits.Add(row.GetGuid("Id")!.Value.ToString());
        return permits;
    }

    private async Task<IReadOnlyList<string>> ListedAsync()
    {
        using var response = await _busy.GetAsync("/v2/artworks?limit=100");
        return [.. (await response.JsonAsync()).GetProperty("items").EnumerateArray().Select(item => item.Text("id")!)];
    }
}
