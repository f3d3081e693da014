using Azure.Storage.Blobs;
using RemoveBg.Core.Access;
using RemoveBg.Core.DropIn;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The drop-in route leaves nothing behind, however a request ends.</summary>
public sealed class RemoveBgV1CleanUpTests : FaultyStorageTests
{
    [Test]
    public async Task A_caller_that_hangs_up_cancels_its_artwork_and_leaves_nothing()
    {
        using var leaving = new CancellationTokenSource();
        var response = PostAsync(leaving.Token);
        var id = await UntilAcceptedAsync();
        await leaving.CancelAsync();
        Assert.That(async () => await response, Throws.InstanceOf<OperationCanceledException>());
        await UntilNothingIsLeftAsync();
        Assert.That(() => ProcessAsync(id, 1), Throws.Nothing, "its message, which comes later");
    }

    [TestCase("cancel", "The artwork was canceled.")]
    [TestCase("delete", "The artwork was deleted before it had ended.")]
    public async Task A_caller_whose_artwork_ends_by_the_other_route_gets_the_reason_at_once(string action,
        string reason)
    {
        var response = PostAsync(CancellationToken.None);
        var id = await UntilAcceptedAsync();
        using (var done = action == "cancel" ? await Host.Client.PostAsync($"/v2/artworks/{id}/cancel", null)
            : await Host.Client.DeleteAsync($"/v2/artworks/{id}"))
            Assert.That(done.IsSuccessStatusCode, Is.True);
        await UntilAsync(() => response.IsCompleted);
        await AssertFailsAsync(response, reason);
        await UntilNothingIsLeftAsync();
    }

    [Test]
    public async Task A_caller_that_has_waited_200_seconds_is_told_of_the_route_that_does_not_wait()
    {
        var response = PostAsync(CancellationToken.None);
        var id = await UntilAcceptedAsync();
        var start = Clock.GetUtcNow();
        await UntilAsync(() => response.IsCompleted);
        Assert.That((Clock.GetUtcNow() - start).TotalSeconds, Is.InRange(200, 230));
        await AssertFailsAsync(response, "/v2/artworks/remove-background");
        await UntilNothingIsLeftAsync();
        Assert.That(() => ProcessAsync(id, 1), Throws.Nothing);
    }

    [Test]
    public async Task A_picture_that_is_deleted_by_the_other_route_is_still_sent_whole()
    {
        var key = await Host.Get<ApiKeyTable>().FindAsync(ApiKey.HashOf(Host.Secrets.ApiKey), CancellationToken.None);
        var request = Host.Get<RemoveBgV1Request>().Parse([new("image_url", Photo)],
            new Dictionary<string, InlineImage>());
        var result = Host.Get<RemoveBgV1>().RemoveAsync(key!, request, new MemoryStream(), CancellationToken.None);
        var id = await UntilAcceptedAsync();
        await ProcessAsync(id, 1);
        await UntilAsync(() => result.IsCompleted);
        await using var picture = await result;
        using (var done = await Host.Client.DeleteAsync($"/v2/artworks/{id}"))
            Assert.That((int)done.StatusCode, Is.EqualTo(204));
        using var copy = new MemoryStream();
        await picture.File.CopyToAsync(copy);
        Assert.That(copy.Length, Is.EqualTo(picture.Length));
        Assert.That(async () => await picture.DisposeAsync(), Throws.Nothing);
    }

    [Test]
    public async Task A_caller_whose_result_is_gone_before_it_is_sent_is_told_so()
    {
        var response = PostAsync(CancellationToken.None);
        var id = await UntilAcceptedAsync();
        await ProcessAsync(id, 1);
        foreach (var result in new BlobContainerClient(Host.ConnectionString, "results").GetBlobs().ToList())
            new BlobContainerClient(Host.ConnectionString, "results").DeleteBlob(result.Name);
        await UntilAsync(() => response.IsCompleted);
        await AssertFailsAsync(response, "The result is no longer stored.");
        await UntilNothingIsLeftAsync();
    }

    [Test]
    public async Task A_picture_is_sent_although_it_cannot_be_deleted_and_is_left_for_retention()
    {
        var response = PostAsync(CancellationToken.None);
        var id = await UntilAcceptedAsync();
        await ProcessAsync(id, 1);
        Network.Strike(Fate.Full, times: 1000, "DELETE /");
        await UntilAsync(() => response.IsCompleted);
        using (var sent = await response)
            Assert.That(((int)sent.StatusCode, (await sent.Content.ReadAsByteArrayAsync()).Length > 0),
                Is.EqualTo((200, true)));
        await Eventually.HoldsAsync(() => Log.Of(800).Count == 1, "the failed deletion is logged");
        Assert.That(Log.Of(800)[0], Does.Contain(id));
        Assert.That(await OnlyAsync(), Is.EqualTo(id));
    }

    [Test]
    public async Task A_caller_is_told_in_remove_bgs_words_that_storage_fails_and_when_to_come_back()
    {
        Network.Strike(Fate.Full, times: 1000, "POST /", "/$batch");
        using var response = await PostAsync(CancellationToken.None);
        Assert.That(((int)response.StatusCode, response.Headers.RetryAfter?.Delta),
            Is.EqualTo((500, TimeSpan.FromSeconds(5))));
        var error = (await response.JsonAsync()).GetProperty("errors")[0];
        Assert.That((error.Text("code"), error.Text("detail")), Is.EqualTo(("internal_error",
            "Storage is not reachable; nothing was accepted. Try again.")));
    }

    private Task<HttpResponseMessage> PostAsync(CancellationToken cancellationToken) => Host.Client.PostAsync(
        "/v1.0/removebg", new FormUrlEncodedContent([new("image_file_b64", Convert.ToBase64String(
            File.ReadAllBytes(Repo.Sample("scene-toycar.jpg"))))]), cancellationToken);

    private async Task<string> UntilAcceptedAsync()
    {
        string? id = null;
        await Eventually.HoldsAsync(async () => (id = await OnlyAsync()) is not null, "the artwork is listed");
        return id!;
    }

    private async Task<string?> OnlyAsync()
    {
        using var list = await Host.Client.GetAsync("/v2/artworks");
        return (await list.JsonAsync()).GetProperty("items").EnumerateArray().SingleOrDefault() is
            { ValueKind: System.Text.Json.JsonValueKind.Object } artwork ? artwork.Text("id") : null;
    }

    /// <summary>Lets time pass until something holds: the request polls by the clock that stands still.</summary>
    private Task UntilAsync(Func<bool> condition) => Eventually.HoldsAsync(() =>
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        return condition();
    }, "the response has come");

    private Task UntilNothingIsLeftAsync() => Eventually.HoldsAsync(async () =>
        await OnlyAsync() is null && new[] { "inputs", "results" }.All(container =>
            !new BlobContainerClient(Host.ConnectionString, container).GetBlobs().Any()), "nothing is left");

    private static async Task AssertFailsAsync(Task<HttpResponseMessage> request, string reason)
    {
        using var response = await request;
        Assert.That((int)response.StatusCode, Is.EqualTo(500));
        Assert.That((await response.JsonAsync()).GetProperty("errors")[0].GetRawText(), Does.Contain(reason));
    }
}
