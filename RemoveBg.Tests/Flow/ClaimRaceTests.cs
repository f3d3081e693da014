using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Claims that fail: their log events and metrics, and records that change during a claim.</summary>
public sealed class ClaimRaceTests : HangingDownloadsTests
{
    [Test]
    public async Task A_message_of_an_unknown_artwork_is_logged_and_counted()
    {
        using var counted = new Counted(Host);
        var id = Guid.NewGuid().ToString();
        await ProcessAsync(id, 1);
        AssertReported(counted, "RecordMissing", 206, id);
    }

    [Test]
    public async Task A_message_that_comes_after_the_end_is_logged_and_counted()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        using var counted = new Counted(Host);
        await ProcessAsync(id, 1);
        AssertReported(counted, "Duplicate", 207, id);
    }

    [Test]
    public async Task A_message_of_an_artwork_that_another_worker_holds_is_logged_and_counted()
    {
        var id = await SubmitAsync(Photo);
        await ClaimAsync(id, "other");
        using var counted = new Counted(Host);
        await ProcessAsync(id, 1);
        AssertReported(counted, "HeldByAnother", 208, id);
    }

    [Test]
    public async Task An_artwork_without_an_attempt_left_is_logged_and_counted_with_its_code()
    {
        var id = await SubmitAsync(Photo);
        for (var start = 0; start < 3; start++)
        {
            await ClaimAsync(id, $"dead{start}");
            Clock.Advance(TimeSpan.FromSeconds(31));
        }
        using var counted = new Counted(Host);
        await ProcessAsync(id, 4);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Failed));
        AssertReported(counted, "NeverEnded code=internal_error", 203, id);
    }

    [Test]
    public async Task A_worker_that_has_lost_its_claim_says_so()
    {
        var (_, id, work) = await BeginAsync();
        await ClaimAsync(id, "other");
        await Eventually.HoldsAsync(() =>
        {
            if (!work.IsCompleted) Clock.Advance(TimeSpan.FromSeconds(0.5));
            return work.IsCompleted;
        }, "the worker notices and stops");
        await work;
        Assert.That(Log.Of(213), Has.Count.EqualTo(1).And.All.Contains(id));
    }

    [Test]
    public async Task A_record_that_changes_while_its_message_is_postponed_is_decided_again_and_not_lost()
    {
        await HangDownloadsAsync();
        var id = await SubmitAsync(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        ChangeBeforeTheNextWriteOf(id);
        await ProcessAsync(id, 1);
        var waiting = await FindAsync(id);
        Assert.That((waiting.Status, waiting.Attempt), Is.EqualTo((ArtworkStatus.Starting, 0)));
        Assert.That(waiting.DueAt, Is.GreaterThan(Clock.GetUtcNow() + ArtworkTransitions.QueuePatience),
            "when the message has come");
        Assert.That((await Queue(ArtworkQueues.Artworks).GetPropertiesAsync()).Value.ApproximateMessagesCount,
            Is.EqualTo(1));
    }

    [Test]
    public async Task A_record_that_changes_while_it_is_claimed_gives_its_slot_back_and_is_claimed_with_the_same()
    {
        // All of the key's slots but one.
        await HangDownloadsAsync(3);
        var id = await SubmitAsync(Photo);
        ChangeBeforeTheNextWriteOf(id);
        await ProcessAsync(id, 1);
        var done = await FindAsync(id);
        Assert.That((done.Status, done.Attempt), Is.EqualTo((ArtworkStatus.Succeeded, 1)));
    }

    [Test]
    public async Task A_claim_is_not_renewed_while_its_end_is_written()
    {
        var id = await SubmitAsync(Photo);
        var lease = TimeSpan.FromSeconds(30);
        var claim = (await ArtworkClaim.TryTakeAsync(Table(), await FindAsync(id), lease, Clock,
            Log.CreateLogger("claim"), CancellationToken.None))!;
        var lost = claim.Lost;
        var writes = 0;
        Network.Decide = request =>
        {
            if (!request.Contains("/$batch", StringComparison.Ordinal)) return Fate.Passed;
            if (Interlocked.Increment(ref writes) == 1) Clock.Advance(lease / 3);
            return Fate.Passed;
        };
        var ended = await claim.TryEndAsync(now => now.Fail(Clock.GetUtcNow(), new(ArtworkFailure.InternalError, "")));
        Assert.That(ended!.Status, Is.EqualTo(ArtworkStatus.Failed));
        await claim.DisposeAsync();
        Assert.That((writes, lost.IsCancellationRequested), Is.EqualTo((1, false)));
    }

    private void AssertReported(Counted counted, string fault, int eventId, string id)
    {
        Assert.That(counted.Of($"removebg.faults fault={fault}"), Is.EqualTo(1));
        Assert.That(Log.Of(eventId), Has.Count.EqualTo(1).And.All.Contains(id));
    }

    /// <summary>Acts as a worker that claims the artwork and dies.</summary>
    private async Task ClaimAsync(string id, string owner)
    {
        var artwork = await FindAsync(id);
        Assert.That(await Table().TryUpdateAsync(artwork,
            artwork.Claim(owner, Clock.GetUtcNow(), TimeSpan.FromSeconds(30)), CancellationToken.None), Is.Not.Null);
    }

    /// <summary>Another instance writes the record without changing its state.</summary>
    private void ChangeBeforeTheNextWriteOf(string id)
    {
        var rows = new TableClient(Network.Account, "artworks");
        Before(() =>
        {
            var row = rows.Query<TableEntity>().Single(it => it.RowKey == $"artwork_{Guid.Parse(id):N}");
            rows.UpdateEntity(row, ETag.All);
        }, "POST /", "/$batch", Guid.Parse(id).ToString("N"));
    }
}
