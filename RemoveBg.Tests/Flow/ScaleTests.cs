using System.Diagnostics;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The sweeper with many artworks.</summary>
public sealed class ScaleTests : BusyKeyTests
{
    /// <summary>More than an interval of the sweeper's longest patience.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(11);

    private LogLines _log = null!;

    protected override void AddTo(IServiceCollection services) =>
        services.AddSingleton<ILoggerProvider>(_log = new());

    [TearDown]
    public void CloseLog() => _log.Dispose();

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
        using var requests = new StorageRequests(Host.ConnectionString);
        await FindsLostMessagesOfAnotherKeyAsync();
        Assert.That(requests.CountOf($"/{ArtworkTable.ByKey}"), Is.LessThan(100), "most that wait are not read");
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
        using (await Busy.PostAsync($"/v2/artworks/{ids[0]}/cancel", null))
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
            using (await Busy.PostAsync($"/v2/artworks/{id}/cancel", null)) { }
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
            using (await Busy.PostAsync($"/v2/artworks/{id}/cancel", null)) { }
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ActivatorUtilities
            .CreateInstance<SweepArtworks>(Host.Services).SweepAsync(CancellationToken.None)));
        Assert.That(await QueuedAsync(), Is.EquivalentTo(ids.Concat(busy[2..])));
    }

    [Test]
    public async Task A_sweep_reports_each_message_that_it_has_sent_again_and_how_many_they_are()
    {
        for (var i = 0; i < 8; i++) await SubmitAsync(Photo);
        var busy = await SubmitBusyAsync(3);
        // The third gets its permit, and a webhook is due.
        using (await Busy.PostAsync($"/v2/artworks/{busy[0]}/cancel", null)) { }
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        Clock.Advance(ArtworkTransitions.QueuePatience + TimeSpan.FromSeconds(1));
        using var counted = new Counted(Host);
        await SweepAsync();
        await SweepAsync();
        Assert.Multiple(() =>
        {
            Assert.That(_log.Of(600), Is.EqualTo(new[] { "Sent 11 overdue messages again" }), "the second sent none");
            Assert.That(_log.Of(601), Has.Count.EqualTo(11).And.Some.Contains(busy[2]));
            Assert.That(counted.Of("removebg.faults fault=Overdue"), Is.EqualTo(11));
            Assert.That(counted.Of("removebg.queue.oldest"), Is.EqualTo(2), "each sweep measures the queue");
        });
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
        Clock.Advance(ArtworkTransitions.QueuePatience);
        await SweepAsync();
        Assert.That(await QueuedAsync(), Is.EquivalentTo(ids[..2]));
        Assert.That(await RowsAsync("due_"), Is.Empty);
        Assert.That(_log.Of(600), Is.EqualTo(new[] { "Sent 2 overdue messages again" }));
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

    private async Task Minutes(int count)
    {
        for (; count > 0; count--)
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            await SweepAsync();
        }
    }

    private Task StoreAsBeforeAsync(Artwork artwork) => EarlierVersion.StoreAsync(Host.ConnectionString, artwork,
        Clock.GetUtcNow() + ArtworkTransitions.QueuePatience);

    /// <summary>The artworks of the messages, all of first attempts.</summary>
    private async Task<IReadOnlyList<string>> QueuedAsync()
    {
        var messages = (await Queue(ArtworkQueues.Artworks).PeekMessagesAsync(32)).Value
            .Select(message => ArtworkMessage.TryParse(message.MessageText)!).ToList();
        Assert.That(messages.Select(message => message.Attempt), Is.All.EqualTo(1));
        return [.. messages.Select(message => message.Id.ToString())];
    }
}
