using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Http;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Storage that fails, or an artwork that is canceled, in the middle of a worker's job.</summary>
public sealed class StorageFaultDuringWorkTests : FaultyStorageTests
{
    [Test]
    public async Task A_claim_that_storage_refuses_to_renew_is_renewed_the_next_time()
    {
        var (photo, id, work) = await BeginAsync();
        var first = (await FindAsync(id)).LeaseUntil;
        var struck = Network.Strike(Fate.Full, times: 1, "POST /", "/$batch");
        await Eventually.HoldsAsync(async () =>
        {
            if ((await FindAsync(id)).LeaseUntil == first) Clock.Advance(TimeSpan.FromSeconds(0.5));
            return (await FindAsync(id)).LeaseUntil > first;
        }, "the claim is renewed");
        Assert.That(struck(), Is.EqualTo(1));
        Assert.That(Log.Of(214), Has.Count.EqualTo(1).And.All.Contains(id));
        photo.Answer.SetResult();
        await work;
        var artwork = await FindAsync(id);
        Assert.That((artwork.Status, artwork.Attempt), Is.EqualTo((ArtworkStatus.Succeeded, 1)));
    }

    [Test]
    public async Task A_job_whose_photo_waits_in_pieces_succeeds_although_they_cannot_be_deleted()
    {
        var id = await SubmitAsync(LongPhoto());
        var struck = Network.Strike(Fate.Full, times: 1, "DELETE /", "/inputs/");
        await ProcessAsync(id, 1);
        Assert.That((struck(), (await FindAsync(id)).Status), Is.EqualTo((1, ArtworkStatus.Succeeded)));
        Assert.That(Log.Of(217), Has.Count.EqualTo(1));
        Assert.That(Blobs(StoredImages.InputContainer), Has.Count.EqualTo(1), "left for retention");
    }

    [TestCase(Fate.Full)]
    [TestCase(Fate.RequestLost)]
    public async Task A_job_whose_pieces_cannot_be_read_is_tried_again_and_costs_no_attempt(object fate)
    {
        var id = await SubmitAsync(LongPhoto());
        // The SDK repeats a lost request.
        Network.Strike((Fate)fate, times: 1000, "GET /", "/inputs/");
        await ProcessAsync(id, 1);
        var waiting = await FindAsync(id);
        Assert.That((waiting.Status, waiting.Attempt, waiting.HandBacks, waiting.LeaseUntil),
            Is.EqualTo((ArtworkStatus.Processing, 0, 1, (DateTimeOffset?)null)));
        Assert.That(Blobs(StoredImages.InputContainer), Is.Empty, "the pieces are deleted");

        Network.Decide = _ => Fate.Passed;
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task Pieces_that_are_gone_cost_no_attempt()
    {
        var id = await SubmitAsync(LongPhoto());
        Before(() =>
        {
            foreach (var name in Blobs(StoredImages.InputContainer))
                new BlobContainerClient(Host.ConnectionString, StoredImages.InputContainer).DeleteBlob(name);
        }, "GET /", "/inputs/");
        await ProcessAsync(id, 1);
        var waiting = await FindAsync(id);
        Assert.That((waiting.Status, waiting.Attempt, waiting.HandBacks),
            Is.EqualTo((ArtworkStatus.Processing, 0, 1)));
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task A_download_that_fails_after_a_cancel_is_not_tried_again()
    {
        var (photo, id, work) = await BeginAsync(StatusCodes.Status503ServiceUnavailable);
        await CancelAsync(id);
        photo.Answer.SetResult();
        await work;
        await AssertStaysCanceledAsync(id);
    }

    [Test]
    public async Task A_result_that_cannot_be_stored_after_a_cancel_is_not_tried_again()
    {
        var (photo, id, work) = await BeginAsync();
        await CancelAsync(id);
        var struck = Network.Strike(Fate.Full, times: 1, "PUT /", "/results/");
        photo.Answer.SetResult();
        await work;
        Assert.That(struck(), Is.EqualTo(1));
        await AssertStaysCanceledAsync(id);
    }

    [Test]
    public async Task A_photo_that_fails_for_good_after_a_cancel_stays_canceled()
    {
        var (photo, id, work) = await BeginAsync(StatusCodes.Status404NotFound);
        await CancelAsync(id);
        photo.Answer.SetResult();
        await work;
        await AssertStaysCanceledAsync(id);
    }

    [Test]
    public async Task A_record_of_a_newer_version_is_refused_by_its_id_and_loses_nothing()
    {
        var id = await SubmitAsync(Photo);
        var table = new TableClient(Host.ConnectionString, "artworks");
        var row = table.Query<TableEntity>().Single(it => it.RowKey == $"artwork_{Guid.Parse(id):N}");
        var status = row.GetString("Status");
        row["Status"] = "dreaming";
        await table.UpdateEntityAsync(row, row.ETag);
        Assert.That(() => FindAsync(id), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
            $"Artwork {id}: its record has an unknown status or output format; was it written by a newer version?"));
        using (var unreadable = await Host.Client.GetAsync($"/v2/artworks/{id}"))
            await Errors.AssertShapeAsync(unreadable, 500, null);
        Assert.That(() => ProcessAsync(id, 1), Throws.TypeOf<InvalidDataException>(), "the host tries again");

        row["Status"] = status;
        await table.UpdateEntityAsync(row, ETag.All);
        await ProcessAsync(id, 1);
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    /// <summary>A photo of more than one piece of memory, which waits in storage until there is a slot.</summary>
    private string LongPhoto()
    {
        // What follows the end of a JPEG is ignored.
        byte[] file = [.. File.ReadAllBytes(SmallPhotos.Of("scene-toycar.jpg")), .. new byte[1_500_000]];
        return Caller.ServePage("/long.jpg", context => context.Response.Body.WriteAsync(file).AsTask());
    }

    private List<string> Blobs(string container) =>
        [.. new BlobContainerClient(Host.ConnectionString, container).GetBlobs().Select(blob => blob.Name)];

    private async Task CancelAsync(string id)
    {
        using var canceled = await Host.Client.PostAsync($"/v2/artworks/{id}/cancel", null);
        Assert.That((await canceled.JsonAsync()).Text("status"), Is.EqualTo("canceled"));
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
    }

    private async Task AssertStaysCanceledAsync(string id)
    {
        Assert.That((await FindAsync(id)).Status, Is.EqualTo(ArtworkStatus.Canceled));
        Assert.That((await Queue(ArtworkQueues.Artworks).GetPropertiesAsync()).Value.ApproximateMessagesCount, Is.Zero);
        Assert.That(Blobs(StoredImages.ResultContainer), Is.Empty);
        Assert.That(Log.Of(202), Is.Empty);
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(1), "the cancel's own");
    }
}
