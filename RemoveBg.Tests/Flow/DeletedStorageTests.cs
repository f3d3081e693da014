using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Queues, containers and tables that are deleted while the service runs.</summary>
public sealed class DeletedStorageTests
{
    private static IEnumerable<string> Queues => StorageSetup.Queues;

    private static IEnumerable<string> Containers => StorageSetup.Containers;

    // Without the table of keys no caller is known.
    private static IEnumerable<string> Tables => StorageSetup.Tables.Where(name => name != "keys");

    private Caller _caller = null!;
    private RunningHost _host = null!;

    [SetUp]
    public async Task Start() => (_caller, _host) = (await Caller.StartAsync(), await RunningHost.StartAsync());

    [TearDown]
    public async Task Stop()
    {
        await _host.DisposeAsync();
        await _caller.DisposeAsync();
    }

    [TestCaseSource(nameof(Queues))]
    public async Task A_deleted_queue_is_created_again_and_the_next_job_succeeds(string name)
    {
        var queue = new QueueClient(_host.ConnectionString, name);
        await queue.DeleteAsync();
        await AssertNextJobSucceedsAsync();
        await AssertIsReadyAsync();
    }

    [TestCaseSource(nameof(Containers))]
    public async Task A_deleted_container_is_created_again_and_the_next_job_succeeds(string name)
    {
        await new BlobContainerClient(_host.ConnectionString, name).DeleteAsync();
        await AssertNextJobSucceedsAsync();
        await AssertIsReadyAsync();
    }

    [TestCaseSource(nameof(Tables))]
    public async Task A_deleted_table_is_created_again_and_the_next_job_succeeds(string name)
    {
        await new TableClient(_host.ConnectionString, name).DeleteAsync();
        await AssertNextJobSucceedsAsync();
        await AssertIsReadyAsync();
    }

    /// <summary>A job that needs all of them: an upload, an idempotency key, a result and a webhook.</summary>
    private async Task AssertNextJobSucceedsAsync()
    {
        var photo = Convert.ToBase64String(await File.ReadAllBytesAsync(SmallPhotos.Of("scene-toycar.jpg")));
        using var accepted = await _host.SubmitAsync(
            new { imageUrl = $"data:image/jpeg;base64,{photo}", webhook = _caller.WebhookUrl },
            ("Idempotency-Key", "once"));
        var artwork = await accepted.JsonAsync();
        Assert.That((int)accepted.StatusCode, Is.EqualTo(202), artwork.ToString());
        Assert.That((await _host.UntilEndedAsync(artwork.Text("id")!)).Text("status"), Is.EqualTo("succeeded"));
        await _caller.UntilDeliveredAsync(1);
    }

    private async Task AssertIsReadyAsync()
    {
        using var response = await _host.Client.GetAsync("/readyz");
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
    }
}
