using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The storage emulator of <c>./run</c>.</summary>
public sealed class AzuriteTests
{
    [Test]
    public async Task What_the_durable_emulator_has_acknowledged_survives_a_kill()
    {
        using var folder = new TemporaryFolder();
        var killed = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None, isDurable: true);
        var table = new TableClient(killed.ConnectionString, "rows");
        var queue = new QueueClient(killed.ConnectionString, "messages");
        var container = new BlobContainerClient(killed.ConnectionString, "files");
        await table.CreateAsync();
        await queue.CreateAsync();
        await container.CreateAsync();
        await Parallel.ForAsync(0, 20, async (i, cancellationToken) =>
        {
            await table.AddEntityAsync(new TableEntity("all", $"{i:D2}"), cancellationToken);
            await queue.SendMessageAsync($"{i:D2}", cancellationToken);
            await container.UploadBlobAsync($"{i:D2}", new BinaryData($"content {i:D2}"), cancellationToken);
        });
        HostProcess.Signal(killed.ProcessId!.Value, "KILL");
        await killed.DisposeAsync();

        await using var again = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None);
        var wanted = Enumerable.Range(0, 20).Select(i => $"{i:D2}").ToList();
        var rows = await new TableClient(again.ConnectionString, "rows").QueryAsync<TableEntity>().ToListAsync();
        var messages = await new QueueClient(again.ConnectionString, "messages").PeekMessagesAsync(32);
        var files = new BlobContainerClient(again.ConnectionString, "files");
        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(row => row.RowKey), Is.EqualTo(wanted));
            Assert.That(messages.Value.Select(message => message.MessageText), Is.EquivalentTo(wanted));
            foreach (var name in wanted) Assert.That(
                files.GetBlobClient(name).DownloadContent().Value.Content.ToString(), Is.EqualTo($"content {name}"));
        });
    }

    [Test]
    public async Task A_second_service_on_the_same_data_is_refused_while_a_command_joins_the_first()
    {
        using var folder = new TemporaryFolder();
        await using var running = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None);
        await using var joined = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None,
            mayJoin: true);
        var refusal = Assert.ThrowsAsync<UserException>(() =>
            Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None))!;
        Assert.Multiple(() =>
        {
            Assert.That(joined.ConnectionString, Is.EqualTo(running.ConnectionString));
            Assert.That(refusal.Message, Does.StartWith("another service of this clone is running"));
        });
    }
}
